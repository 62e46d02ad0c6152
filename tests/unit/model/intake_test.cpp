#include "model/intake.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace flusso {
namespace {

using namespace std::chrono_literals;

Intake::Limits counted(ByteBudget& documents, std::chrono::milliseconds patience = 0ms) {
  Intake::Limits limits;
  limits.urgency = Urgency::seed;
  limits.slab_documents = 10;
  limits.documents = &documents;
  limits.patience = patience;
  return limits;
}

TEST(Intake, documents_are_counted_until_the_last_holder_of_their_slab_lets_go) {
  ByteBudget bytes("bytes", 1 << 20);
  ByteBudget documents("documents", 100);
  std::vector<DocBatch> held;
  {
    Intake intake(IndexId{0}, bytes, counted(documents), [&](DocBatch batch) { held.push_back(std::move(batch)); }, {});
    for (int i = 0; i < 13; ++i) ASSERT_TRUE(intake.add("k", "{}", {}));
    intake.flush();
  }
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(documents.used(), 13U);
  held.pop_back();
  EXPECT_EQ(documents.used(), 10U);
  held.clear();
  EXPECT_EQ(documents.used(), 0U);
  EXPECT_EQ(bytes.used(), 0U);
}

TEST(Intake, a_scan_reads_no_further_ahead_than_documents_may_be_held) {
  ByteBudget bytes("bytes", 1 << 20);
  ByteBudget documents("documents", 20);
  std::vector<DocBatch> held;
  Intake intake(IndexId{0}, bytes, counted(documents, 1ms), [&](DocBatch batch) { held.push_back(std::move(batch)); },
                {});
  Status added;
  int count = 0;
  while (added && count < 100) {
    added = intake.add("k", "{}", {});
    if (added) ++count;
  }
  EXPECT_EQ(count, 20) << "two slabs of ten";
  EXPECT_EQ(added.error().code, "intake.stalled");
  EXPECT_EQ(bytes.used(), 20 * 3U) << "no bytes are kept by one who waits for a place";
  held.clear();
  EXPECT_TRUE(intake.add("k", "{}", {}));
}

TEST(Intake, a_waiting_scan_goes_on_as_soon_as_documents_are_written) {
  ByteBudget bytes("bytes", 1 << 20);
  ByteBudget documents("documents", 10);
  std::vector<DocBatch> held;
  Intake intake(IndexId{0}, bytes, counted(documents), [&](DocBatch batch) { held.push_back(std::move(batch)); }, {});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(intake.add("k", "{}", {}));
  intake.flush();
  std::jthread writer([&, written = std::move(held)]() mutable {
    while (documents.waiters() == 0) std::this_thread::yield();
    written.clear();
  });
  EXPECT_TRUE(intake.add("k", "{}", {}));
}

}  // namespace
}  // namespace flusso
