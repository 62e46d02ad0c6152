// The end of a run, step by step: what random histories meet too seldom.
#include <gtest/gtest.h>

#include "tests/pipeline/world.h"

namespace flusso::fakes {
namespace {

TEST(Drain, a_position_that_the_sink_cannot_note_is_claimed_again_before_the_run_ends) {
  World world;
  Process& process = world.start();
  ASSERT_TRUE(world.come_to_rest()) << world.state_of_rest();
  world.faults.control_failed = 1000;
  world.database.commit({put(parents, 1, 0, "the last change")});
  ASSERT_TRUE(world.await([&] {
    return process.status.groups_confirmed.load() == process.status.groups_put.load() &&
           world.stored(families, 1).has_value();
  })) << "written, but it cannot be claimed";

  const unsigned failures = process.shares[0]->control_failures;
  process.request_drain();
  ASSERT_TRUE(world.await([&] {
    return process.ended() || (process.status.phase.load() == pipeline::Phase::draining &&
                               process.shares[0]->control_failures > failures + 2);
  }));
  EXPECT_FALSE(process.ended()) << "it waits for the sink until its deadline";
  world.faults.calm();
  ASSERT_TRUE(world.await([&] { return process.ended(); }));
  EXPECT_TRUE(process.result().has_value()) << process.result().error().what;
  EXPECT_GE(world.database.slot().confirmed, world.database.slot().delivered);
}

// Asked to stop while it finds out that it has to wait: the same as asked to stop while it waits.
TEST(Drain, a_process_that_would_only_have_waited_ends_without_an_error) {
  for (const char* code : {"pg.locked", "pg.slot_active", "pg.57P03"}) {
    World world;
    world.before_start = [&](Process& process) {
      process.request_drain();
      return Status{fail(ErrorKind::transient, code, "not now")};
    };
    Process& process = world.start();
    ASSERT_TRUE(world.await([&] { return process.ended(); }));
    EXPECT_TRUE(process.result().has_value()) << code << ": " << process.result().error().what;
  }
}

// A job's exit code tells whether it is done.
TEST(Drain, a_backfill_that_was_stopped_says_that_it_is_not_done_and_is_finished_by_the_next) {
  World world;
  world.options.backfill_only = true;
  world.database.commit({put(parents, 1, 0, "a row")});
  world.before_start = [&](Process& process) {
    process.request_drain();
    return Status{};
  };
  Process& first = world.start();
  ASSERT_TRUE(world.await([&] { return first.ended(); }));
  ASSERT_FALSE(first.result().has_value());
  EXPECT_EQ(first.result().error().code, "run.interrupted");

  world.before_start = [](Process&) { return Status{}; };
  Process& second = world.start();
  ASSERT_TRUE(world.await([&] { return second.ended(); }));
  EXPECT_TRUE(second.result().has_value()) << second.result().error().what;
  EXPECT_TRUE(world.stored(families, 1).has_value());
}

TEST(Drain, what_no_waiting_would_have_cured_is_told_also_to_who_stops_it) {
  World world;
  world.before_start = [&](Process& process) {
    process.request_drain();
    return Status{fail(ErrorKind::permanent, "pg.28P01", "the password is wrong")};
  };
  Process& process = world.start();
  ASSERT_TRUE(world.await([&] { return process.ended(); }));
  ASSERT_FALSE(process.result().has_value());
  EXPECT_EQ(process.result().error().code, "pg.28P01");
}

}  // namespace
}  // namespace flusso::fakes
