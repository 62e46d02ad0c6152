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

}  // namespace
}  // namespace flusso::fakes
