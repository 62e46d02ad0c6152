// A promotion whose old writes are slow to end: it does not hold up the other indexes.
#include <gtest/gtest.h>

#include "tests/pipeline/world.h"

namespace flusso::fakes {
namespace {

class Promotion : public testing::Test {
 protected:
  // Starts a process that seeds both indexes. At the moment when the first of them has been promoted, the other one's
  // documents are all written, and a write to the first is on its way to a sink that works on nothing any more.
  void start_until_promoted() {
    world.database.commit({put(parents, 1, 0, "parent"), put(children, 1, 1, "child")});
    world.clusters[0]->on_promoted = [this](const std::string& alias) {
      if (!first.empty()) return;
      first = alias;
      other = alias == "families" ? "kids" : "families";
      const Document which = other == "families" ? families : kids;
      const bool written = world.await([&] {
        const IndexRecord record = world.clusters[0]->record(other);
        return world.clusters[0]->documents(other, record.staged.value_or(record.active)) ==
               world.database.all_documents(which);
      });
      EXPECT_TRUE(written);
      world.clusters[0]->hold();
      world.database.commit({alias == "families" ? put(parents, 1, 0, "live") : put(children, 1, 1, "live")});
      EXPECT_TRUE(world.await([&] { return world.clusters[0]->held() > 0; }));
      promoted = true;
    };
    world.start();
    ASSERT_TRUE(world.await([&] { return promoted.load(); }));
  }
  bool remembered(const std::string& alias) {
    const std::scoped_lock lock(world.clusters[0]->records_mutex);
    return world.clusters[0]->seeds.contains(alias);
  }

  std::string first, other;
  std::atomic<bool> promoted{false};
  World world;
};

TEST_F(Promotion, an_index_is_promoted_while_the_writes_of_another_have_not_ended) {
  start_until_promoted();
  EXPECT_TRUE(world.await([&] { return world.clusters[0]->record(other).seeded; }));
  EXPECT_TRUE(remembered(first)) << "its old generations may still be written to";
  world.clusters[0]->release();
  EXPECT_TRUE(world.come_to_rest()) << world.state_of_rest();
  EXPECT_FALSE(remembered(first));
}

}  // namespace
}  // namespace flusso::fakes
