// Batches that could not be read: their tables are locked, or the statement took too long.
#include <gtest/gtest.h>

#include "tests/unit/stages/ledger_bench.h"

namespace flusso::stages {
namespace {

constexpr IndexId kLocked{0};
constexpr IndexId kFree{1};

class LedgerDeferral : public testing::Test {
 protected:
  static LedgerLimits limits() {
    LedgerLimits limits;
    limits.build_batch = 4;
    limits.builds_in_flight = 2;
    return limits;
  }
  // The keys of the batches that have gone out since, in order.
  Keys out() {
    Keys keys;
    for (const BuildItem& item : std::exchange(bench.built, {})) keys.push_back(item.key);
    return keys;
  }
  void defer(const Keys& keys, bool too_slow = false) {
    --bench.builds_open;
    BuildDeferred event{kLocked, {}, too_slow};
    for (const std::string& key : keys) event.left.push_back(BuildItem{key, kTarget});
    bench.tell(std::move(event));
  }
  void finish(IndexId index) {
    --bench.builds_open;
    bench.tell(BuildFinished{index});
  }

  LedgerBench bench{limits()};
};

TEST_F(LedgerDeferral, what_was_not_read_goes_out_again_after_a_while_and_settles_its_group) {
  bench.change(0, {"1", "2"});
  EXPECT_EQ(out(), (Keys{"1", "2"}));
  defer({"1", "2"});
  EXPECT_EQ(out(), Keys{});
  bench.wait(Millis{0});  // the time is counted from this tick
  bench.wait(Millis{249});
  EXPECT_EQ(out(), Keys{});
  bench.wait(Millis{1});
  EXPECT_EQ(out(), (Keys{"1", "2"}));
  finish(kLocked);
  bench.tell(Completion{kSink, {CompletedDoc{kIndex, kTarget, "1"}, CompletedDoc{kIndex, kTarget, "2"}}, {}});
  EXPECT_EQ(bench.settled, Seqs{0});
  EXPECT_EQ(bench.ledger.documents(), 0U);
}

TEST_F(LedgerDeferral, while_one_index_waits_others_have_every_lane) {
  bench.change(0, {"1", "2", "3", "4", "5", "6", "7", "8"});
  EXPECT_EQ(out().size(), 8U) << "both lanes";
  bench.change(1, {"a"}, kFree);
  EXPECT_EQ(out(), Keys{});
  defer({"1", "2", "3", "4"});
  EXPECT_EQ(out(), Keys{"a"});
  defer({"5", "6", "7", "8"});
  finish(kFree);
  bench.change(2, {"b", "c", "d", "e", "f", "g", "h", "i"}, kFree);
  EXPECT_EQ(out().size(), 8U);
}

TEST_F(LedgerDeferral, one_batch_at_a_time_tries_until_one_is_read) {
  bench.change(0, {"1", "2", "3", "4", "5", "6", "7", "8"});
  out();
  defer({"5", "6", "7", "8"});
  defer({"1", "2", "3", "4"});
  bench.wait(Millis{0});
  bench.wait(Millis{5000});
  EXPECT_EQ(out(), (Keys{"1", "2", "3", "4"}));
  bench.wait(Millis{5000});
  EXPECT_EQ(out(), Keys{}) << "the one that tries is still out";
  finish(kLocked);
  EXPECT_EQ(out(), (Keys{"5", "6", "7", "8"}));
}

TEST_F(LedgerDeferral, waits_grow_up_to_a_bound) {
  bench.change(0, {"1"});
  out();
  for (const int wait : {250, 500, 1000, 2000, 4000, 4000}) {
    defer({"1"});
    bench.wait(Millis{0});
    bench.wait(Millis{wait - 1});
    EXPECT_EQ(out(), Keys{}) << wait;
    bench.wait(Millis{1});
    EXPECT_EQ(out(), Keys{"1"}) << wait;
  }
}

TEST_F(LedgerDeferral, a_batch_that_took_too_long_is_halved_down_to_one_document_and_grows_again) {
  bench.change(0, {"1", "2", "3", "4"});
  EXPECT_EQ(out(), (Keys{"1", "2", "3", "4"}));
  const auto again = [&](const Keys& slow) {
    defer(slow, true);
    bench.wait(Millis{0});
    bench.wait(Millis{5000});
    return out();
  };
  EXPECT_EQ(again({"1", "2", "3", "4"}), (Keys{"1", "2"}));
  EXPECT_EQ(again({"1", "2"}), Keys{"1"});
  EXPECT_EQ(again({"1"}), Keys{"1"});
  finish(kLocked);  // given up by its lane
  EXPECT_EQ(out(), (Keys{"2", "3", "4"})) << "two lanes: a batch of two, and one of what is left";
}

TEST_F(LedgerDeferral, a_change_that_came_meanwhile_is_covered_by_the_next_attempt) {
  bench.change(0, {"1"});
  out();
  bench.change(1, {"1"});
  defer({"1"});
  bench.wait(Millis{0});
  bench.wait(Millis{250});
  EXPECT_EQ(out(), Keys{"1"});
  finish(kLocked);
  bench.tell(Completion{kSink, {CompletedDoc{kIndex, kTarget, "1"}}, {}});
  EXPECT_EQ(sorted(bench.settled), (Seqs{0, 1}));
  EXPECT_EQ(out(), Keys{}) << "one build for both";
}

TEST_F(LedgerDeferral, a_barrier_does_not_wait_for_an_attempt_that_read_nothing) {
  bench.change(0, {"1"});
  bench.tell(BarrierRequest{kLocked, 7});
  EXPECT_TRUE(bench.answered.empty());
  defer({"1"});
  EXPECT_EQ(bench.answered, (std::vector<std::uint64_t>{7}));
}

}  // namespace
}  // namespace flusso::stages
