#include "pipeline/status.h"

#include <gtest/gtest.h>

namespace flusso::pipeline {
namespace {

bool ready(Phase phase, Role role) {
  LiveStatus status;
  status.phase.store(phase);
  status.role.store(role);
  return status.report().ready;
}

TEST(LiveStatus, is_ready_while_it_backfills_follows_or_stands_by) {
  EXPECT_TRUE(ready(Phase::backfilling, Role::leader));
  EXPECT_TRUE(ready(Phase::live, Role::leader));
  EXPECT_TRUE(ready(Phase::waiting, Role::standby));
}

TEST(LiveStatus, is_not_ready_while_it_starts_waits_after_an_error_or_ends) {
  EXPECT_FALSE(ready(Phase::starting, Role::none));
  EXPECT_FALSE(ready(Phase::starting, Role::leader));
  EXPECT_FALSE(ready(Phase::waiting, Role::none));
  EXPECT_FALSE(ready(Phase::draining, Role::leader));
  EXPECT_FALSE(ready(Phase::stopped, Role::standby));
}

TEST(LiveStatus, changes_in_flight_are_those_of_groups_that_are_not_confirmed) {
  LiveStatus status;
  for (const std::uint64_t changes : {5U, 0U, 7U}) status.changes.put(changes);
  status.changes.confirm();
  EXPECT_EQ(status.report().changes_captured, 12U);
  EXPECT_EQ(status.report().changes_committed, 5U);
  EXPECT_EQ(status.report().changes_in_flight, 7U);
  status.changes.confirm();
  status.changes.confirm();
  EXPECT_EQ(status.report().changes_committed, 12U);
  EXPECT_EQ(status.report().changes_in_flight, 0U);
}

TEST(LiveStatus, what_a_failed_run_leaves_behind_is_in_flight_no_more) {
  LiveStatus status;
  status.changes.put(5);
  status.documents_in_flight.store(3);
  status.end_run();
  EXPECT_EQ(status.report().changes_in_flight, 0U);
  EXPECT_EQ(status.report().documents_in_flight, 0U);
  status.changes.put(5);
  status.changes.confirm();
  EXPECT_EQ(status.report().changes_captured, 10U);
  EXPECT_EQ(status.report().changes_committed, 5U);
  EXPECT_EQ(status.report().changes_in_flight, 0U);
}

TEST(LiveStatus, a_wait_that_goes_on_is_one_error) {
  LiveStatus status;
  EXPECT_EQ(status.report().last_error, std::nullopt);
  for (int i = 0; i < 3; ++i) status.note_error("the slot is in use", true);
  EXPECT_EQ(status.report().errors, 1U);
  for (int i = 0; i < 2; ++i) status.note_error("the server is away", false);
  EXPECT_EQ(status.report().errors, 3U);
  EXPECT_EQ(status.report().last_error, "the server is away");
}

TEST(LiveStatus, each_index_has_a_state_of_its_own) {
  LiveStatus status;
  status.set_indexes({{"users", IndexPhase::unknown}, {"old", IndexPhase::disabled}});
  status.set_index("users", IndexPhase::seeded);
  const auto indexes = status.report().indexes;
  EXPECT_EQ(indexes.at("users"), IndexPhase::seeded);
  EXPECT_EQ(indexes.at("old"), IndexPhase::disabled);
}

TEST(LiveStatus, a_standby_forgets_what_it_knew_as_the_leader) {
  LiveStatus status;
  status.set_indexes({{"users", IndexPhase::seeded}, {"old", IndexPhase::disabled}});
  status.set_paused({{"users", "a column is gone"}});
  status.set_slot(SlotStatus{"reserved", 1, 2, 3});
  status.forget_indexes();
  const StatusReport report = status.report();
  EXPECT_EQ(report.indexes.at("users"), IndexPhase::unknown);
  EXPECT_EQ(report.indexes.at("old"), IndexPhase::disabled);
  EXPECT_TRUE(report.paused.empty());
  EXPECT_FALSE(report.slot);
}

}  // namespace
}  // namespace flusso::pipeline
