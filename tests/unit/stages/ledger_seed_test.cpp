// The ledger's race rules between a seed and live changes, design 6-e, one by one.
#include <gtest/gtest.h>

#include "stages/ledger.h"
#include "tests/unit/stages/ledger_bench.h"

namespace flusso::stages {
namespace {

LedgerBench seeding(LedgerLimits limits = {}) {
  LedgerBench bench(limits);
  bench.target(kIndex, kTarget, kTarget);
  return bench;
}

TEST(LedgerSeed, a_chunk_is_recorded_when_its_documents_are_durable) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  EXPECT_EQ(bench.started, Tickets{1});
  EXPECT_EQ(bench.seed(1, {{"a", "{}"}, {"b", "{}"}}), (Keys{"a", "b"}));
  bench.end_chunk(1, 1);
  bench.complete("a");
  EXPECT_TRUE(bench.recorded.empty());
  bench.complete("b");
  EXPECT_EQ(bench.recorded, Tickets{1});
  EXPECT_EQ(bench.ledger.documents(), 0U);
}

TEST(LedgerSeed, an_empty_chunk_is_recorded_at_its_end) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  bench.end_chunk(1, 0);
  EXPECT_EQ(bench.recorded, Tickets{1});
}

TEST(LedgerSeed, the_end_of_a_chunk_may_overtake_its_documents) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  bench.seed(1, {{"a", "{}"}});
  bench.end_chunk(1, 2);
  bench.complete("a");
  EXPECT_TRUE(bench.recorded.empty());
  bench.seed(1, {{"b", "{}"}});
  bench.complete("b");
  EXPECT_EQ(bench.recorded, Tickets{1});
}

TEST(LedgerSeed, a_chunk_whose_read_failed_is_not_recorded_and_can_be_read_again) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  bench.seed(1, {{"a", "{}"}});
  bench.end_chunk(1, 1, false);
  bench.start_chunk(2);
  bench.complete("a");
  EXPECT_TRUE(bench.recorded.empty());
  EXPECT_EQ(bench.seed(2, {{"a", "{}"}}), Keys{"a"});
  bench.end_chunk(2, 1);
  bench.complete("a");
  EXPECT_EQ(bench.recorded, Tickets{2});
}

TEST(LedgerSeed, a_barrier_waits_for_the_chunks_of_its_index_that_are_being_read_now) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  bench.tell(BarrierRequest{kIndex, 7});
  bench.start_chunk(2);  // began to read after the question
  bench.seed(1, {{"a", "{}"}});
  bench.end_chunk(1, 1);
  EXPECT_TRUE(bench.answered.empty()) << "its document may hold a row that has left";
  bench.complete("a");
  EXPECT_EQ(bench.answered, std::vector<std::uint64_t>{7});
}

TEST(LedgerSeed, a_chunk_that_is_given_up_lets_a_barrier_pass) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  bench.tell(BarrierRequest{kIndex, 7});
  bench.end_chunk(1, 0, false);
  EXPECT_EQ(bench.answered, std::vector<std::uint64_t>{7});
}

TEST(LedgerSeed, a_seed_document_goes_only_to_the_generation_under_construction) {
  LedgerBench bench;
  bench.target(kIndex, kTarget | kStaged | kOtherSinkTarget, kStaged);
  bench.start_chunk(1);
  bench.seed(1, {{"a", "{}", kTarget | kStaged | kOtherSinkTarget}});
  ASSERT_EQ(bench.admitted_targets.size(), 1U);
  EXPECT_EQ(bench.admitted_targets[0], kStaged);
}

TEST(LedgerSeed, a_live_change_goes_to_both_generations) {
  LedgerBench bench;
  bench.target(kIndex, kTarget | kStaged, kStaged);
  bench.change(0, {"a"});
  ASSERT_EQ(bench.built.size(), 1U);
  EXPECT_EQ(bench.built[0].targets, kTarget | kStaged);
}

TEST(LedgerSeed, a_document_dispatched_since_the_seed_began_is_not_overwritten) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  bench.change(0, {"a"});
  bench.complete("a");
  EXPECT_TRUE(bench.seed(1, {{"a", "old"}}).empty());
  bench.end_chunk(1, 1);
  EXPECT_EQ(bench.recorded, Tickets{1}) << "the newer document is durable already";
}

TEST(LedgerSeed, touched_is_recorded_at_dispatch_and_a_queued_document_covers_the_seed) {
  LedgerBench bench = seeding(LedgerLimits{.builds_in_flight = 1});
  bench.start_chunk(1);
  bench.change(0, {"lane"});
  bench.change(1, {"a"});
  EXPECT_EQ(bench.ledger.touched(), 1U) << "a waits for a lane: nothing of it has been read";
  EXPECT_TRUE(bench.seed(1, {{"a", "old"}}).empty());
  bench.end_chunk(1, 1);
  bench.take_built();
  bench.complete("lane");
  EXPECT_EQ(bench.take_built(), Keys{"a"});
  EXPECT_TRUE(bench.recorded.empty());
  bench.complete("a");
  EXPECT_EQ(bench.recorded, Tickets{1});
}

TEST(LedgerSeed, a_dropped_seed_document_holds_its_chunk_until_the_attempt_that_replaces_it_is_durable) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  bench.change(0, {"a"});
  EXPECT_TRUE(bench.seed(1, {{"a", "old"}}).empty());
  bench.end_chunk(1, 1);
  EXPECT_TRUE(bench.recorded.empty());
  bench.complete("a");
  EXPECT_EQ(bench.recorded, Tickets{1});
  EXPECT_EQ(bench.take_built(), Keys{"a"}) << "that attempt went to the new generation: no second build";
}

TEST(LedgerSeed, an_attempt_begun_before_the_seed_is_repeated_for_the_new_generation) {
  LedgerBench bench;
  bench.change(0, {"a"});
  bench.take_built();
  bench.target(kIndex, kTarget | kStaged, kStaged);
  bench.start_chunk(1);
  EXPECT_TRUE(bench.seed(1, {{"a", "{}", kStaged}}).empty());
  bench.end_chunk(1, 1);
  bench.complete("a");
  EXPECT_TRUE(bench.recorded.empty());
  ASSERT_EQ(bench.built.size(), 1U);
  EXPECT_EQ(bench.built[0].targets, kTarget | kStaged);
  bench.complete("a", OutcomeKind::applied, kSink, kTarget | kStaged);
  EXPECT_EQ(bench.recorded, Tickets{1});
}

TEST(LedgerSeed, a_live_change_waits_for_the_seed_document_that_is_in_flight) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  EXPECT_EQ(bench.seed(1, {{"a", "{}"}}), Keys{"a"});
  bench.change(0, {"a"});
  EXPECT_TRUE(bench.take_built().empty());
  bench.complete("a");
  EXPECT_TRUE(bench.settled.empty());
  EXPECT_EQ(bench.take_built(), Keys{"a"});
  bench.complete("a");
  EXPECT_EQ(bench.settled, Seqs{0});
}

TEST(LedgerSeed, a_seed_document_in_doubt_keeps_its_chunk_open_until_the_rebuild_is_durable) {
  LedgerBench bench = seeding(LedgerLimits{.in_doubt_wait = Millis{100}});
  bench.start_chunk(1);
  bench.seed(1, {{"a", "{}"}});
  bench.end_chunk(1, 1);
  bench.complete("a", OutcomeKind::in_doubt);
  EXPECT_TRUE(bench.recorded.empty());
  bench.wait(Millis{100});
  EXPECT_EQ(bench.take_built(), Keys{"a"});
  EXPECT_TRUE(bench.recorded.empty());
  bench.complete("a");
  EXPECT_EQ(bench.recorded, Tickets{1});
}

TEST(LedgerSeed, a_seed_document_of_a_document_in_doubt_waits_for_its_rebuild) {
  LedgerBench bench = seeding(LedgerLimits{.in_doubt_wait = Millis{100}});
  bench.change(0, {"a"});
  bench.complete("a", OutcomeKind::in_doubt);
  bench.start_chunk(1);
  EXPECT_TRUE(bench.seed(1, {{"a", "old"}}).empty());
  bench.end_chunk(1, 1);
  EXPECT_TRUE(bench.recorded.empty());
  bench.wait(Millis{100});
  bench.complete("a");
  EXPECT_EQ(bench.recorded, Tickets{1});
}

TEST(LedgerSeed, the_same_document_in_two_chunks_is_never_in_flight_twice) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  bench.start_chunk(2);
  EXPECT_EQ(bench.seed(1, {{"a", "one"}}), Keys{"a"});
  EXPECT_TRUE(bench.seed(2, {{"a", "two"}}).empty());
  bench.end_chunk(1, 1);
  bench.end_chunk(2, 1);
  bench.take_built();
  bench.complete("a");
  EXPECT_EQ(bench.recorded, Tickets{1});
  EXPECT_EQ(bench.take_built(), Keys{"a"}) << "which read was newer is unknown: a third one decides";
  bench.complete("a");
  EXPECT_EQ(bench.recorded, (Tickets{1, 2}));
}

TEST(LedgerSeed, one_sink_seeds_while_the_other_is_complete) {
  LedgerBench bench;
  bench.target(kIndex, kTarget | kOtherSinkTarget, kOtherSinkTarget);
  bench.start_chunk(1);
  bench.seed(1, {{"a", "{}", kOtherSinkTarget}});
  bench.end_chunk(1, 1);
  bench.change(0, {"a"});
  ASSERT_EQ(bench.built.size(), 1U);
  EXPECT_EQ(bench.built[0].targets, kTarget) << "the seed document is in flight in the other sink only";
  bench.complete("a", OutcomeKind::applied, kOtherSink, kOtherSinkTarget);
  EXPECT_EQ(bench.recorded, Tickets{1});
}

TEST(LedgerSeed, the_end_of_one_sinks_seed_does_not_forget_what_was_touched_in_the_other) {
  LedgerBench bench;
  bench.target(kIndex, kTarget | kOtherSinkTarget, kTarget | kOtherSinkTarget);
  bench.start_chunk(1);
  bench.change(0, {"a"});
  bench.complete("a", OutcomeKind::applied, kSink, kTarget);
  bench.complete("a", OutcomeKind::applied, kOtherSink, kOtherSinkTarget);
  bench.target(kIndex, kTarget | kOtherSinkTarget, kOtherSinkTarget);
  EXPECT_TRUE(bench.seed(1, {{"a", "old", kOtherSinkTarget}}).empty());
}

TEST(LedgerSeed, what_one_sink_was_sent_is_never_taken_for_another_document_in_another_sink) {
  LedgerBench bench;
  bench.target(kIndex, kTarget | kOtherSinkTarget, kOtherSinkTarget);
  for (char touched = '0'; touched <= 'z'; ++touched) {
    const std::string key(1, touched);
    bench.change(static_cast<std::uint64_t>(touched), {key});
    bench.complete(key, OutcomeKind::applied, kOtherSink, kOtherSinkTarget);
    bench.complete(key, OutcomeKind::applied, kSink, kTarget);
    bench.target(kIndex, kTarget | kOtherSinkTarget, kTarget | kOtherSinkTarget);
    bench.start_chunk(1);
    for (char other = '0'; other <= 'z'; ++other) {
      EXPECT_EQ(bench.seed(1, {{std::string(1, other), "{}", kTarget}}).size(), 1U)
          << touched << " touched, seeding " << other;
      bench.complete(std::string(1, other));
    }
    bench.end_chunk(1, 'z' - '0' + 1);
    bench.target(kIndex, kTarget | kOtherSinkTarget, kOtherSinkTarget);
  }
}

TEST(LedgerSeed, a_new_generation_of_a_sink_starts_with_nothing_touched) {
  LedgerBench bench;
  bench.target(kIndex, kTarget | kStaged, kStaged);
  bench.change(0, {"a"});
  bench.complete("a", OutcomeKind::applied, kSink, kTarget | kStaged);
  bench.target(kIndex, kTarget | kStaged, kTarget);  // the staged slot was promoted, the other one is rebuilt
  bench.start_chunk(1);
  EXPECT_EQ(bench.seed(1, {{"a", "{}", kTarget}}), Keys{"a"});
}

TEST(LedgerSeed, over_budget_no_chunk_starts_until_the_open_ones_are_admitted) {
  LedgerBench bench = seeding(LedgerLimits{.touched_budget = 2});
  bench.start_chunk(1);
  bench.change(0, {"a", "b"});
  bench.start_chunk(2);
  EXPECT_EQ(bench.started, Tickets{1});
  bench.complete("a");
  bench.complete("b");
  EXPECT_EQ(bench.started, Tickets{1}) << "chunk 1 may still bring older reads of a and b";
  EXPECT_TRUE(bench.seed(1, {{"a", "old"}, {"b", "old"}}).empty());
  bench.end_chunk(1, 1);
  EXPECT_EQ(bench.started, (Tickets{1, 2}));
}

TEST(LedgerSeed, what_was_forgotten_over_budget_is_read_newer_by_later_chunks) {
  LedgerBench bench = seeding(LedgerLimits{.touched_budget = 1});
  bench.change(0, {"a"});
  bench.complete("a");
  EXPECT_EQ(bench.ledger.touched(), 1U);
  bench.start_chunk(1);
  EXPECT_EQ(bench.ledger.touched(), 0U);
  EXPECT_EQ(bench.seed(1, {{"a", "new"}}), Keys{"a"});
}

TEST(LedgerSeed, a_document_in_flight_is_never_forgotten) {
  LedgerBench bench = seeding(LedgerLimits{.touched_budget = 1});
  bench.change(0, {"a"});
  bench.start_chunk(1);
  EXPECT_EQ(bench.started, Tickets{1}) << "with no chunk open there is nothing to wait for";
  EXPECT_EQ(bench.ledger.touched(), 1U);
  EXPECT_TRUE(bench.seed(1, {{"a", "old"}}).empty());
  bench.complete("a");
  EXPECT_TRUE(bench.seed(1, {{"a", "old"}}).empty()) << "the chunk began before that attempt completed";
}

TEST(LedgerSeed, a_document_changed_again_after_a_budget_sweep_stays_protected) {
  LedgerBench bench = seeding(LedgerLimits{.touched_budget = 1});
  bench.start_chunk(1);
  bench.change(0, {"a"});
  bench.complete("a");
  bench.end_chunk(1, 0);
  bench.start_chunk(2);
  EXPECT_EQ(bench.ledger.touched(), 0U);
  bench.change(1, {"a"});
  bench.complete("a");
  EXPECT_TRUE(bench.seed(2, {{"a", "old"}}).empty());
}

TEST(LedgerSeed, a_seed_that_ended_takes_no_more_documents) {
  LedgerBench bench = seeding();
  bench.start_chunk(1);
  bench.target(kIndex, kTarget);
  EXPECT_TRUE(bench.seed(1, {{"a", "{}"}}).empty());
}

}  // namespace
}  // namespace flusso::stages
