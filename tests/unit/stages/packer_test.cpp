#include "stages/packer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/stages/documents.h"

namespace flusso::stages {
namespace {

using Keys = std::vector<std::string>;

class Bench {
 public:
  explicit Bench(PackerLimits limits, SinkId sink = kSink) : packer(sink, limits, render_plainly) {}
  std::vector<BulkRequest> add(const std::vector<Doc>& docs, int ms = 0) {
    std::vector<BulkRequest> out;
    packer.add(batch_of(kIndex, docs), at(ms), out);
    return out;
  }
  std::vector<BulkRequest> done(int ms = 0) {
    std::vector<BulkRequest> out;
    packer.request_done(at(ms), out);
    return out;
  }
  std::vector<BulkRequest> tick(int ms, bool memory_short = false) {
    std::vector<BulkRequest> out;
    packer.tick(at(ms), memory_short, out);
    return out;
  }
  Packer packer;
};

TEST(Packer, a_single_change_leaves_at_once_while_the_sink_has_nothing_to_do) {
  Bench bench({});
  const auto out = bench.add({{"1", "{}"}});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(keys_of(out[0]), Keys{"1"});
  EXPECT_EQ(bench.packer.in_flight(), 1U);
}

TEST(Packer, documents_gather_while_a_request_is_on_its_way_and_leave_when_it_ends) {
  Bench bench({});
  bench.add({{"1", "{}"}});
  EXPECT_TRUE(bench.add({{"2", "{}"}}).empty());
  EXPECT_TRUE(bench.add({{"3", "{}"}}).empty());
  const auto out = bench.done();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(keys_of(out[0]), (Keys{"2", "3"}));
  EXPECT_EQ(bench.packer.pending(), 0U);
}

TEST(Packer, a_full_request_does_not_wait) {
  Bench bench({.max_documents = 2, .eager_requests = 0});
  EXPECT_TRUE(bench.add({{"1", "{}"}}).empty());
  const auto out = bench.add({{"2", "{}"}, {"3", "{}"}});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(keys_of(out[0]), (Keys{"1", "2"}));
  EXPECT_EQ(bench.packer.pending(), 1U);
}

TEST(Packer, a_request_stays_within_its_bytes_and_a_larger_document_travels_alone) {
  Bench bench({.max_documents = 100, .max_bytes = 300, .eager_requests = 0});
  const auto out = bench.add(
      {{"1", std::string(100, 'a')}, {"2", std::string(100, 'b')}, {"3", std::string(1000, 'c')}, {"4", "{}"}});
  std::vector<Keys> requests;
  for (const BulkRequest& request : out) requests.push_back(keys_of(request));
  EXPECT_EQ(requests, (std::vector<Keys>{{"1"}, {"2"}, {"3"}}));
  EXPECT_EQ(bench.packer.pending(), 1U);
}

TEST(Packer, a_document_for_two_generations_counts_twice_against_the_bytes) {
  Bench bench({.max_documents = 100, .max_bytes = 800, .eager_requests = 0});
  const auto out =
      bench.add({{"1", std::string(250, 'a'), kTarget | kStaged}, {"2", std::string(250, 'b'), kTarget | kStaged}});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(keys_of(out[0]), Keys{"1"});
  EXPECT_LE(out[0].bytes, 800U);
}

TEST(Packer, a_partial_request_leaves_after_its_linger_counted_from_its_first_document) {
  Bench bench({.eager_requests = 0, .linger = Millis{5}});
  bench.add({{"1", "{}"}}, 10);
  bench.add({{"2", "{}"}}, 13);
  EXPECT_TRUE(bench.tick(14).empty());
  EXPECT_EQ(bench.tick(15).size(), 1U);
  EXPECT_TRUE(bench.tick(100).empty()) << "nothing is left";
}

TEST(Packer, behind_a_full_pipe_a_partial_request_waits_and_grows) {
  Bench bench({.max_documents = 3, .eager_requests = 0, .requests_in_flight = 1, .linger = Millis{5}});
  bench.add({{"1", "{}"}});
  EXPECT_EQ(bench.tick(5).size(), 1U) << "the pipe is free";
  bench.add({{"2", "{}"}}, 6);
  EXPECT_TRUE(bench.tick(20).empty());
  EXPECT_TRUE(bench.tick(21, true).empty()) << "it would not be written any sooner";
  bench.add({{"3", "{}"}}, 22);
  const auto out = bench.done(23);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(keys_of(out[0]), (Keys{"2", "3"}));
}

TEST(Packer, a_free_slot_is_taken_only_after_the_linger_time) {
  Bench bench({.max_documents = 3, .eager_requests = 1, .requests_in_flight = 2, .linger = Millis{5}});
  bench.add({{"1", "{}"}});
  bench.add({{"2", "{}"}, {"3", "{}"}, {"4", "{}"}, {"5", "{}"}}, 1);
  EXPECT_EQ(bench.packer.in_flight(), 2U);
  EXPECT_TRUE(bench.done(3).empty()) << "one is still on its way";
  EXPECT_EQ(bench.tick(6).size(), 1U);
}

TEST(Packer, nothing_is_held_back_when_memory_is_short) {
  Bench bench({.eager_requests = 0, .linger = Millis{1000}});
  bench.add({{"1", "{}"}});
  EXPECT_EQ(bench.tick(0, true).size(), 1U);
}

TEST(Packer, each_sink_takes_only_its_documents_and_its_targets) {
  Bench bench({}, kOtherSink);
  const auto out = bench.add({{"1", "{}", kTarget}, {"2", "{}", kTarget | kOtherSinkTarget}});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(keys_of(out[0]), Keys{"2"});
  EXPECT_EQ(out[0].items[0].targets, kOtherSinkTarget);
}

TEST(Packer, a_batch_without_documents_of_this_sink_sends_nothing_and_holds_nothing) {
  Bench bench({}, kOtherSink);
  EXPECT_TRUE(bench.add({{"1", "{}", kTarget}}).empty());
  EXPECT_EQ(bench.packer.in_flight(), 0U);
}

TEST(Packer, every_request_keeps_the_slabs_of_its_documents_alive_and_frees_them_with_it) {
  ByteBudget budget("documents", 1000);
  Packer packer(kSink, {.max_documents = 1, .eager_requests = 0}, render_plainly);
  std::vector<BulkRequest> out;
  packer.add(batch_of(kIndex, {{"1", "{}"}, {"2", "{}"}}, *budget.try_acquire(6, Urgency::live)), at(0), out);
  ASSERT_EQ(out.size(), 2U);
  out.erase(out.begin());
  EXPECT_EQ(budget.used(), 6U);
  EXPECT_EQ(keys_of(out[0]), Keys{"2"});
  out.clear();
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace flusso::stages
