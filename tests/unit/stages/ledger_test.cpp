#include "stages/ledger.h"

#include <gtest/gtest.h>

#include "tests/unit/stages/ledger_bench.h"

namespace flusso::stages {
namespace {

TEST(Ledger, a_group_that_touches_nothing_settles_at_once) {
  LedgerBench bench;
  bench.change(0, {});
  EXPECT_EQ(bench.settled, Seqs{0});
  EXPECT_EQ(bench.ledger.groups(), 0U);
}

TEST(Ledger, a_group_settles_when_its_last_document_is_durable) {
  LedgerBench bench;
  bench.change(0, {"1", "2"});
  EXPECT_EQ(bench.take_built(), (Keys{"1", "2"}));
  bench.complete("1");
  EXPECT_TRUE(bench.settled.empty());
  bench.complete("2");
  EXPECT_EQ(bench.settled, Seqs{0});
  EXPECT_EQ(bench.ledger.documents(), 0U);
}

TEST(Ledger, settled_carries_the_position_and_the_lease_of_the_group) {
  ByteBudget budget("changes", 100);
  LedgerBench bench;
  bench.tell(GroupAnnounced{GroupSeq{0}, Lsn{77}, 1, std::make_shared<Lease>(*budget.try_acquire(40, Urgency::live))});
  bench.page(0, {"1"}, 1);
  LedgerOut out;
  bench.ledger.handle(Completion{kSink, {CompletedDoc{kIndex, kTarget, "1", OutcomeKind::applied}}, {}}, out);
  ASSERT_EQ(out.settled.size(), 1U);
  EXPECT_EQ(out.settled[0].end_lsn, Lsn{77});
  EXPECT_GT(budget.used(), 0U);
  out = {};
  EXPECT_EQ(budget.used(), 0U);
}

TEST(Ledger, a_group_whose_documents_are_known_makes_room_for_more_changes) {
  ByteBudget budget("changes", 100);
  LedgerBench bench(LedgerLimits{.resolved_part = 4});
  bench.page(0, {"1"}, 1);
  bench.tell(GroupAnnounced{GroupSeq{0}, Lsn{77}, 2, std::make_shared<Lease>(*budget.try_acquire(40, Urgency::live))});
  EXPECT_EQ(budget.used(), 40U);
  bench.page(0, {"2"});
  EXPECT_EQ(budget.used(), 40U) << "a page is still to come";
  bench.page(0, {"3"}, 2);
  EXPECT_EQ(budget.used(), 10U);
  for (const char* key : {"1", "2", "3"}) bench.complete(key);
  EXPECT_EQ(bench.settled, Seqs{0});
  EXPECT_EQ(budget.used(), 0U);
}

TEST(Ledger, groups_settle_in_the_order_of_their_completion_not_of_their_number) {
  LedgerBench bench;
  bench.change(1, {"b"});
  bench.change(0, {"a"});
  bench.complete("b");
  EXPECT_EQ(bench.settled, Seqs{1});
  bench.complete("a");
  EXPECT_EQ(bench.settled, (Seqs{1, 0}));
}

TEST(Ledger, a_change_while_queued_joins_the_coming_attempt) {
  LedgerBench bench(LedgerLimits{.builds_in_flight = 1});
  bench.change(0, {"busy lane"});
  bench.change(1, {"7"});
  bench.change(2, {"7"});
  EXPECT_EQ(bench.take_built(), Keys{"busy lane"});
  bench.end_builds();
  EXPECT_EQ(bench.take_built(), Keys{"7"});
  bench.complete("7");
  EXPECT_EQ(bench.settled, (Seqs{1, 2}));
}

TEST(Ledger, a_change_during_a_write_rebuilds_once_and_settles_after_it) {
  LedgerBench bench;
  bench.change(0, {"7"});
  EXPECT_EQ(bench.take_built(), Keys{"7"});
  bench.change(1, {"7"});
  bench.change(2, {"7"});
  EXPECT_TRUE(bench.take_built().empty()) << "one attempt per document";
  bench.complete("7");
  EXPECT_EQ(bench.settled, Seqs{0});
  EXPECT_EQ(bench.take_built(), Keys{"7"});
  bench.complete("7");
  EXPECT_EQ(sorted(bench.settled), (Seqs{0, 1, 2}));
  EXPECT_TRUE(bench.take_built().empty());
}

TEST(Ledger, ten_thousand_changes_of_a_hot_document_cost_two_builds) {
  LedgerBench bench;
  for (std::uint64_t seq = 0; seq < 10000; ++seq) bench.change(seq, {"hot"});
  EXPECT_EQ(bench.take_built(), Keys{"hot"});
  bench.complete("hot");
  EXPECT_EQ(bench.take_built(), Keys{"hot"});
  bench.complete("hot");
  EXPECT_EQ(bench.settled.size(), 10000U);
}

TEST(Ledger, pages_may_overtake_the_announcement_and_each_other) {
  LedgerBench bench;
  bench.page(0, {"3"}, 2);  // last page of the first part: it had two
  bench.page(0, {"1"});
  bench.announce(0, 2);
  bench.page(0, {}, 1);  // the second part: one empty page
  EXPECT_EQ(bench.take_built(), (Keys{"1", "3"}));
  bench.complete("1");
  EXPECT_TRUE(bench.settled.empty());
  bench.complete("3");
  EXPECT_EQ(bench.settled, Seqs{0});
}

TEST(Ledger, a_last_page_alone_does_not_close_a_part_that_misses_an_earlier_page) {
  LedgerBench bench;
  bench.announce(0, 1);
  bench.page(0, {}, 2);
  EXPECT_TRUE(bench.settled.empty());
  bench.page(0, {});
  EXPECT_EQ(bench.settled, Seqs{0});
}

TEST(Ledger, a_completed_page_does_not_settle_a_group_that_is_not_announced) {
  LedgerBench bench;
  bench.page(0, {"1"}, 1);
  bench.complete("1");
  EXPECT_TRUE(bench.settled.empty());
  bench.announce(0, 1);
  EXPECT_EQ(bench.settled, Seqs{0});
}

TEST(Ledger, the_same_key_twice_in_a_group_counts_once) {
  LedgerBench bench;
  bench.announce(0, 2);
  bench.page(0, {"1", "2", "1"}, 1);
  bench.page(0, {"1"}, 1);
  bench.complete("1");
  EXPECT_TRUE(bench.settled.empty());
  EXPECT_EQ(bench.take_built(), (Keys{"1", "1", "2"})) << "the second page came while the first attempt was out";
  bench.complete("1");
  bench.complete("2");
  EXPECT_EQ(bench.settled, Seqs{0});
}

TEST(Ledger, equal_keys_of_two_indexes_are_two_documents) {
  LedgerBench bench;
  bench.announce(0, 1);
  bench.page(0, {"1"}, std::nullopt, kIndex);
  bench.page(0, {"1"}, 2, kOtherIndex);
  EXPECT_EQ(bench.ledger.documents(), 2U);
  bench.complete("1", OutcomeKind::applied, kSink, kTarget, kIndex);
  EXPECT_TRUE(bench.settled.empty());
  bench.complete("1", OutcomeKind::applied, kSink, kTarget, kOtherIndex);
  EXPECT_EQ(bench.settled, Seqs{0});
}

TEST(Ledger, batches_are_cut_at_the_limit_and_lanes_are_not_overcommitted) {
  LedgerBench bench(LedgerLimits{.build_batch = 2, .builds_in_flight = 2});
  bench.change(0, {"1", "2", "3", "4", "5"});
  EXPECT_EQ(bench.builds_open, 2);
  EXPECT_EQ(bench.take_built().size(), 4U);
  EXPECT_EQ(bench.ledger.queued(), 1U);
  bench.tell(BuildFinished{});
  EXPECT_EQ(bench.take_built(), Keys{"5"});
}

TEST(Ledger, indexes_take_turns_when_lanes_are_scarce) {
  LedgerBench bench(LedgerLimits{.build_batch = 1, .builds_in_flight = 1});
  bench.change(0, {"a", "b", "c"}, kIndex);
  bench.change(1, {"x"}, kOtherIndex);
  bench.take_built();
  bench.tell(BuildFinished{});
  EXPECT_EQ(bench.take_built(), Keys{"x"});
}

TEST(Ledger, a_rejected_document_that_is_skipped_counts_as_done) {
  LedgerBench bench;
  bench.change(0, {"1"});
  bench.complete("1", OutcomeKind::rejected);
  EXPECT_EQ(bench.settled, Seqs{0});
}

TEST(Ledger, a_document_that_cannot_be_built_and_is_skipped_counts_as_done_in_every_sink) {
  LedgerBench bench;
  bench.target(kIndex, kTarget | kOtherSinkTarget);
  bench.change(0, {"1"});
  bench.tell(BuildFailed{kIndex, kTarget | kOtherSinkTarget, "1"});
  EXPECT_EQ(bench.settled, Seqs{0});
  EXPECT_EQ(bench.ledger.documents(), 0U);
}

// ---- sinks ----

TEST(Ledger, a_group_waits_for_every_sink) {
  LedgerBench bench;
  bench.target(kIndex, kTarget | kOtherSinkTarget);
  bench.change(0, {"1"});
  ASSERT_EQ(bench.built.size(), 1U);
  EXPECT_EQ(bench.built[0].targets, kTarget | kOtherSinkTarget);
  bench.complete("1", OutcomeKind::applied, kOtherSink, kOtherSinkTarget);
  EXPECT_TRUE(bench.settled.empty());
  bench.complete("1", OutcomeKind::applied, kSink, kTarget);
  EXPECT_EQ(bench.settled, Seqs{0});
}

TEST(Ledger, a_slow_sink_does_not_hold_the_next_attempt_in_a_healthy_one) {
  LedgerBench bench;
  bench.target(kIndex, kTarget | kOtherSinkTarget);
  bench.change(0, {"1"});
  bench.take_built();
  bench.change(1, {"1"});
  bench.complete("1", OutcomeKind::applied, kSink, kTarget);
  ASSERT_EQ(bench.built.size(), 1U);
  EXPECT_EQ(bench.built[0].targets, kTarget) << "the other sink still writes the first attempt";
  bench.complete("1", OutcomeKind::applied, kSink, kTarget);
  EXPECT_TRUE(bench.settled.empty());
  bench.complete("1", OutcomeKind::applied, kOtherSink, kOtherSinkTarget);
  EXPECT_EQ(bench.settled, Seqs{0});
  bench.complete("1", OutcomeKind::applied, kOtherSink, kOtherSinkTarget);
  EXPECT_EQ(bench.settled, (Seqs{0, 1}));
}

TEST(Ledger, an_index_without_a_target_settles_its_groups_without_work) {
  LedgerBench bench;
  bench.target(kIndex, Targets{});
  bench.change(0, {"1"});
  EXPECT_TRUE(bench.take_built().empty());
  EXPECT_EQ(bench.settled, Seqs{0});
}

TEST(Ledger, a_document_queued_for_a_sink_that_lost_its_target_is_released) {
  LedgerBench bench(LedgerLimits{.builds_in_flight = 1});
  bench.target(kIndex, kTarget | kOtherSinkTarget);
  bench.change(0, {"lane"}, kOtherIndex);
  bench.change(1, {"1"});
  bench.take_built();
  bench.target(kIndex, kOtherSinkTarget);
  bench.complete("lane", OutcomeKind::applied, kSink, kTarget, kOtherIndex);
  ASSERT_EQ(bench.built.size(), 1U);
  EXPECT_EQ(bench.built[0].targets, kOtherSinkTarget);
  bench.complete("1", OutcomeKind::applied, kOtherSink, kOtherSinkTarget);
  EXPECT_EQ(bench.settled, (Seqs{0, 1}));
  EXPECT_EQ(bench.ledger.documents(), 0U);
}

TEST(Ledger, a_document_queued_for_no_target_at_all_is_not_built) {
  LedgerBench bench(LedgerLimits{.builds_in_flight = 1});
  bench.change(0, {"lane"}, kOtherIndex);
  bench.change(1, {"1"});
  bench.take_built();
  bench.target(kIndex, Targets{});
  bench.complete("lane", OutcomeKind::applied, kSink, kTarget, kOtherIndex);
  EXPECT_TRUE(bench.take_built().empty());
  EXPECT_EQ(sorted(bench.settled), (Seqs{0, 1}));
  EXPECT_EQ(bench.ledger.documents(), 0U);
}

// ---- in doubt ----

TEST(Ledger, a_write_in_doubt_is_rebuilt_only_after_it_has_had_its_time) {
  LedgerBench bench(LedgerLimits{.in_doubt_wait = Millis{100}});
  bench.change(0, {"1"});
  bench.take_built();
  bench.complete("1", OutcomeKind::in_doubt);
  bench.change(1, {"1"});
  bench.wait(Millis{99});
  EXPECT_TRUE(bench.take_built().empty());
  EXPECT_TRUE(bench.settled.empty());
  bench.wait(Millis{1});
  EXPECT_EQ(bench.take_built(), Keys{"1"});
  bench.complete("1");
  EXPECT_EQ(bench.settled, (Seqs{0, 1}));
}

TEST(Ledger, a_dirty_document_in_doubt_waits_as_well_and_is_built_once) {
  LedgerBench bench(LedgerLimits{.in_doubt_wait = Millis{100}});
  bench.change(0, {"1"});
  bench.take_built();
  bench.change(1, {"1"});
  bench.complete("1", OutcomeKind::in_doubt);
  EXPECT_TRUE(bench.take_built().empty());
  bench.wait(Millis{100});
  EXPECT_EQ(bench.take_built(), Keys{"1"});
  bench.complete("1");
  EXPECT_EQ(bench.settled, (Seqs{0, 1}));
  EXPECT_TRUE(bench.take_built().empty());
}

TEST(Ledger, the_time_of_a_doubt_counts_from_the_next_tick_because_the_last_one_may_be_old) {
  LedgerBench bench(LedgerLimits{.in_doubt_wait = Millis{100}});
  bench.change(0, {"1"});
  bench.take_built();
  bench.ticking = false;
  bench.complete("1", OutcomeKind::in_doubt);
  bench.wait(Millis{70});  // the request was given up at some moment before this tick
  bench.wait(Millis{40});
  EXPECT_TRUE(bench.take_built().empty());
  bench.wait(Millis{60});
  EXPECT_EQ(bench.take_built(), Keys{"1"});
}

TEST(Ledger, doubts_end_in_their_own_time) {
  LedgerBench bench(LedgerLimits{.in_doubt_wait = Millis{100}});
  bench.change(0, {"1", "2"});
  bench.take_built();
  bench.complete("1", OutcomeKind::in_doubt);
  bench.wait(Millis{50});
  bench.complete("2", OutcomeKind::in_doubt);
  bench.wait(Millis{50});
  EXPECT_EQ(bench.take_built(), Keys{"1"});
  bench.wait(Millis{50});
  EXPECT_EQ(bench.take_built(), Keys{"2"});
}

TEST(Ledger, a_doubt_in_one_sink_does_not_hold_the_other) {
  LedgerBench bench(LedgerLimits{.in_doubt_wait = Millis{100}});
  bench.target(kIndex, kTarget | kOtherSinkTarget);
  bench.change(0, {"1"});
  bench.take_built();
  bench.complete("1", OutcomeKind::in_doubt, kSink, kTarget);
  bench.complete("1", OutcomeKind::applied, kOtherSink, kOtherSinkTarget);
  bench.change(1, {"1"});
  ASSERT_EQ(bench.built.size(), 1U);
  EXPECT_EQ(bench.built[0].targets, kOtherSinkTarget);
}

// ---- memory, control ----

TEST(Ledger, units_of_the_id_account_go_back_as_documents_end) {
  ByteBudget ids("ids", 10);
  {
    LedgerBench bench;
    bench.announce(0, 1);
    bench.page(0, {"1", "2", "3"}, 1, kIndex, *ids.try_acquire(3, Urgency::live));
    EXPECT_EQ(ids.used(), 3U);
    bench.complete("1");
    EXPECT_EQ(ids.used(), 2U);
    bench.announce(1, 1);
    bench.page(1, {"2"}, 1, kIndex, *ids.try_acquire(1, Urgency::live));
    EXPECT_EQ(ids.used(), 2U) << "a document that is in flight already costs nothing more";
    bench.complete("2");
    bench.complete("2");
    bench.complete("3");
    EXPECT_EQ(ids.used(), 0U);
  }
}

TEST(Ledger, groups_that_wait_for_the_same_documents_are_counted_too) {
  ByteBudget ids("ids", 1000);
  {
    LedgerBench bench;
    for (std::uint64_t seq = 0; seq < 80; ++seq) {
      bench.announce(seq, 1);
      bench.page(seq, {"1", "2"}, 1, kIndex, *ids.try_acquire(2, Urgency::live));
    }
    EXPECT_EQ(ids.used(), 2U + 160 / 8);
    bench.complete("1");
    bench.complete("1");
    EXPECT_EQ(ids.used(), 1U + 80 / 8);
    bench.complete("2");
    bench.complete("2");
    EXPECT_EQ(bench.settled.size(), 80U);
    EXPECT_EQ(ids.used(), 0U);
  }
}

TEST(Ledger, idle_is_answered_when_no_group_and_no_document_is_left) {
  LedgerBench bench;
  bench.change(0, {"1"});
  bench.tell(IdleRequest{5});
  EXPECT_TRUE(bench.answered.empty());
  bench.complete("1");
  EXPECT_EQ(bench.answered, (std::vector<std::uint64_t>{5}));
  bench.tell(IdleRequest{6});
  EXPECT_EQ(bench.answered, (std::vector<std::uint64_t>{5, 6}));
}

TEST(Ledger, idle_waits_for_a_group_whose_pages_are_still_coming) {
  LedgerBench bench;
  bench.announce(0, 1);
  bench.tell(IdleRequest{5});
  EXPECT_TRUE(bench.answered.empty());
  bench.page(0, {}, 1);
  EXPECT_EQ(bench.answered, (std::vector<std::uint64_t>{5}));
}

TEST(Ledger, a_found_document_that_its_group_wanted_anyway_is_built_once) {
  LedgerBench bench;
  bench.tell(GroupAnnounced{GroupSeq{0}, Lsn{10}, 2, std::make_shared<Lease>(), true});
  bench.page(0, {"a"}, 1);
  EXPECT_EQ(bench.take_built(), Keys{"a"});
  bench.complete("a");
  EXPECT_TRUE(bench.settled.empty()) << "the search has not answered";
  KeyPage found{GroupSeq{0}, kIndex, {"a", "b"}, {}, 1, true};
  bench.tell(std::move(found));
  EXPECT_EQ(bench.take_built(), Keys{"b"});
  bench.complete("b");
  EXPECT_EQ(bench.settled, (std::vector<std::uint64_t>{0}));
}

TEST(Ledger, a_found_document_that_another_group_wanted_is_built_again) {
  LedgerBench bench;
  bench.change(0, {"a"});
  EXPECT_EQ(bench.take_built(), Keys{"a"});
  bench.complete("a");
  bench.tell(GroupAnnounced{GroupSeq{1}, Lsn{20}, 1, std::make_shared<Lease>(), true});
  bench.tell(KeyPage{GroupSeq{1}, kIndex, {"a"}, {}, 1, true});
  EXPECT_EQ(bench.take_built(), Keys{"a"});
}

TEST(Ledger, a_barrier_waits_for_the_attempts_of_its_index_that_are_in_flight_now) {
  LedgerBench bench;
  bench.change(0, {"1"}, kIndex);
  bench.change(1, {"9"}, kOtherIndex);
  bench.tell(BarrierRequest{kIndex, 42});
  bench.change(2, {"1"}, kIndex);
  bench.change(3, {"2"}, kIndex);
  EXPECT_TRUE(bench.answered.empty());
  bench.complete("1");
  EXPECT_EQ(bench.answered, (std::vector<std::uint64_t>{42}))
      << "the second attempt of 1 and 2 and the other index are not waited for";
}

TEST(Ledger, a_barrier_over_nothing_is_answered_at_once) {
  LedgerBench bench;
  bench.tell(BarrierRequest{kIndex, 1});
  EXPECT_EQ(bench.answered, (std::vector<std::uint64_t>{1}));
}

TEST(Ledger, a_barrier_waits_for_a_write_in_doubt_until_it_can_no_longer_land) {
  LedgerBench bench(LedgerLimits{.in_doubt_wait = Millis{100}});
  bench.change(0, {"1"});
  bench.tell(BarrierRequest{kIndex, 1});
  bench.complete("1", OutcomeKind::in_doubt);
  bench.tell(BarrierRequest{kIndex, 2});
  EXPECT_TRUE(bench.answered.empty());
  bench.wait(Millis{100});
  EXPECT_EQ(bench.answered, (std::vector<std::uint64_t>{1, 2}));
}

TEST(Ledger, a_write_to_a_retired_generation_that_is_gone_counts_as_done_without_alarm) {
  LedgerBench bench;
  bench.target(kIndex, kTarget | kStaged, kStaged);
  bench.change(0, {"1"});
  bench.target(kIndex, kStaged);
  bench.complete("1", OutcomeKind::gone, kSink, kTarget);
  EXPECT_EQ(bench.settled, Seqs{0});
  EXPECT_TRUE(bench.alarms.empty());
}

TEST(Ledger, a_generation_in_use_that_is_gone_raises_an_alarm) {
  LedgerBench bench;
  bench.change(0, {"1"});
  bench.complete("1", OutcomeKind::gone);
  EXPECT_EQ(bench.alarms.size(), 1U);
}

}  // namespace
}  // namespace flusso::stages
