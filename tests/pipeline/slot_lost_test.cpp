// A slot that is not the one that the sinks were fed from: refused or cured, at a start and while running.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipeline/world.h"

namespace flusso::fakes {
namespace {

using ::testing::HasSubstr;

class SlotLost : public testing::Test {
 protected:
  // Both indexes complete, followed through one change, then stopped.
  void follow_and_stop() {
    world.database.commit({put(parents, 1, 0, "first"), put(children, 1, 1, "child")});
    world.start();
    ASSERT_TRUE(world.come_to_rest());
    world.database.commit({put(parents, 1, 0, "live")});
    ASSERT_TRUE(world.come_to_rest());
    ASSERT_TRUE(world.drain().has_value());
    before = world.serving(families);
  }
  // Ends by itself with the refusal, and has neither moved the slot nor written anything.
  void expect_refused(const std::string& why) {
    const Slot slot = world.database.slot();
    const Process& process = world.start();
    ASSERT_TRUE(world.await([&] { return process.ended(); }));
    ASSERT_FALSE(process.result());
    EXPECT_EQ(process.result().error().code, "source.slot_lost");
    EXPECT_EQ(process.result().error().kind, ErrorKind::permanent);
    EXPECT_THAT(process.result().error().what, HasSubstr(why));
    EXPECT_THAT(process.result().error().what, HasSubstr("reseed"));
    EXPECT_EQ(world.database.slot().exists, slot.exists);
    EXPECT_EQ(world.database.slot().confirmed, slot.confirmed);
    EXPECT_EQ(world.serving(families), before);
    EXPECT_FALSE(world.clusters[0]->record("families").staged);
    EXPECT_EQ(process.shares[0]->requests, 0U);
  }
  // Builds everything anew behind the alias and is exact.
  void expect_cured() {
    world.options.on_slot_lost = SlotLossPolicy::reseed;
    world.start();
    ASSERT_TRUE(world.come_to_rest());
    EXPECT_GT(world.serving(families), before);
    EXPECT_GT(world.serving(kids), Generation{1});
    EXPECT_EQ(world.verdict.broken(invariants::Invariant::promoted_generation_equals_source), 0U);
    // And goes on from there without a second cure.
    const Generation cured = world.serving(families);
    ASSERT_TRUE(world.drain().has_value());
    world.options.on_slot_lost = SlotLossPolicy::stop;
    world.database.commit({put(parents, 2, 0, "after")});
    world.start();
    ASSERT_TRUE(world.come_to_rest());
    EXPECT_EQ(world.serving(families), cured);
  }

  World world;
  Generation before;
};

TEST_F(SlotLost, a_dropped_slot_is_refused_or_cured) {
  follow_and_stop();
  world.database.drop_slot();
  world.database.commit({put(parents, 1, 0, "missed")});
  expect_refused("does not exist any more");
  expect_cured();
}

TEST_F(SlotLost, a_slot_made_anew_by_somebody_else_is_refused_or_cured) {
  follow_and_stop();
  world.database.drop_slot();
  world.database.commit({put(parents, 1, 0, "missed")});
  world.database.ensure_slot();
  expect_refused("past");
  expect_cured();
}

TEST_F(SlotLost, a_slot_moved_by_somebody_else_is_refused_or_cured) {
  follow_and_stop();
  world.database.commit({put(parents, 1, 0, "missed")});
  world.database.move_slot(world.database.wal_end());
  expect_refused("something else has moved it");
  expect_cured();
}

TEST_F(SlotLost, a_slot_that_lost_its_wal_is_refused_or_made_anew) {
  follow_and_stop();
  world.database.commit({put(parents, 1, 0, "missed")});
  world.database.invalidate_slot("WAL was removed");
  expect_refused("WAL was removed");
  expect_cured();
  EXPECT_TRUE(world.database.slot().invalid.empty());
}

TEST_F(SlotLost, another_cluster_is_refused_or_cured) {
  follow_and_stop();
  world.system_id = "system-2";
  expect_refused("system-2");
  expect_cured();
}

TEST_F(SlotLost, no_slot_and_no_record_is_a_first_start) {
  world.database.commit({put(parents, 1, 0, "first")});
  world.start();
  EXPECT_TRUE(world.come_to_rest());
}

TEST_F(SlotLost, an_index_that_was_not_followed_is_still_rebuilt_by_itself) {
  follow_and_stop();
  world.start({kids});
  ASSERT_TRUE(world.come_to_rest());
  world.database.commit({put(parents, 1, 0, "missed by families")});
  ASSERT_TRUE(world.come_to_rest());
  ASSERT_TRUE(world.drain().has_value());
  world.start();
  ASSERT_TRUE(world.come_to_rest());
  EXPECT_GT(world.serving(families), before);
  EXPECT_EQ(world.serving(kids), Generation{1});
}

TEST_F(SlotLost, a_slot_dropped_while_running_ends_the_process) {
  world.database.commit({put(parents, 1, 0, "first")});
  const Process& process = world.start();
  ASSERT_TRUE(world.come_to_rest());
  world.database.drop_slot();
  ASSERT_TRUE(world.await([&] { return process.ended(); }));
  ASSERT_FALSE(process.result());
  EXPECT_EQ(process.result().error().code, "source.slot_lost");
  EXPECT_FALSE(world.database.slot().exists);
}

TEST_F(SlotLost, a_slot_moved_while_running_is_cured_when_that_is_wanted) {
  world.options.on_slot_lost = SlotLossPolicy::reseed;
  world.database.commit({put(parents, 1, 0, "first")});
  world.start();
  ASSERT_TRUE(world.come_to_rest());
  before = world.serving(families);
  world.database.drop_slot();
  ASSERT_TRUE(world.await([&] { return world.serving(families) > before; }));
  EXPECT_TRUE(world.come_to_rest());
}

// The slot was restored together with the server: its position is below the claim, which alone says nothing.
TEST_F(SlotLost, a_stream_that_shows_another_transaction_where_ours_was_is_refused_or_cured) {
  follow_and_stop();
  auto& cluster = *world.clusters[0];
  {
    const std::scoped_lock lock(cluster.records_mutex);
    ASSERT_TRUE(cluster.source->last_commit) << "the claim names the last transaction";
    cluster.source->last_commit->xid.value += 1;
  }
  world.database.move_slot(Lsn{cluster.source->last_commit->end_lsn.value - 1});
  const Slot slot = world.database.slot();
  const Process& process = world.start();
  ASSERT_TRUE(world.await([&] { return process.ended(); }));
  ASSERT_FALSE(process.result());
  EXPECT_EQ(process.result().error().code, "source.slot_lost");
  EXPECT_THAT(process.result().error().what, HasSubstr("restored"));
  EXPECT_EQ(world.database.slot().confirmed, slot.confirmed);
  expect_cured();
}

TEST_F(SlotLost, a_replay_that_shows_the_same_transaction_goes_on) {
  follow_and_stop();
  const Lsn end = world.clusters[0]->source->last_commit->end_lsn;
  world.database.move_slot(Lsn{end.value - 1});
  world.start();
  ASSERT_TRUE(world.come_to_rest());
  EXPECT_EQ(world.serving(families), before);
}

}  // namespace
}  // namespace flusso::fakes
