// The interleavings that once lost or staled a document, one by one. Each is a short script; whatever the script leaves
// open is chosen at random, so every test runs under several seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "tests/sim/world.h"

namespace flusso::sim {
namespace {

constexpr std::size_t kFamilies = 0;
constexpr std::size_t kKids = 1;
constexpr std::uint64_t kSeeds = 40;

using Visible = SimSource::Visible;

// Runs a script under several seeds in calm weather; afterwards every invariant must have held.
void play(const std::function<void(World&)>& script, std::size_t sinks = 1) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    World world(seed, sinks, Weather::calm());
    script(world);
    ASSERT_EQ(world.verdict.broken(), 0U) << "under seed " << seed << ": " << world.verdict.examples();
    ASSERT_FALSE(testing::Test::HasFailure()) << "under seed " << seed;
  }
}

// Two families with a child each, seeded and promoted, the process live.
void settle_down(World& world) {
  world.commit({world.source.put(parents, {1, 0, "one"}), world.source.put(parents, {2, 0, "two"}),
                world.source.put(children, {1, 1, "anna"}), world.source.put(children, {2, 2, "ben"})});
  world.create_slot();
  world.start();
  world.come_to_rest();
}

bool writes(const Wire& wire, std::size_t index, const std::string& key) {
  return std::any_of(wire.writes.begin(), wire.writes.end(),
                     [&](const Write& write) { return write.index == index && write.key == key; });
}

bool is_seed(const Wire& wire) {
  return std::any_of(wire.writes.begin(), wire.writes.end(), [](const Write& write) { return write.from_seed; });
}

TEST(Interleaving, a_zombie_bulk_of_a_dead_process_cannot_overwrite_what_its_successor_writes) {
  play([](World& world) {
    settle_down(world);
    world.hold = [](const Wire&) { return true; };
    world.commit({world.source.put(parents, {1, 0, "old"})});
    world.run_until([&] { return world.wire(0, [](const Wire& w) { return writes(w, kFamilies, "1"); }) != nullptr; },
                    "the bulk");
    world.crash();
    world.hold = nullptr;
    world.commit({world.source.put(parents, {1, 0, "new"})});
    world.start();
    world.expect_throughout(
        200, [&] { return world.process->dispatched() == 0; }, "the new run wrote before the old bulk had ended");
    world.release_wires();
    world.come_to_rest();
    EXPECT_EQ(world.stored(0, kFamilies, "1"), "{new, 1:anna}");
  });
}

TEST(Interleaving, after_a_504_the_newer_version_waits_until_the_old_bulk_can_no_longer_land) {
  play([](World& world) {
    settle_down(world);
    bool first = true;
    world.fate = [&](std::size_t, const Wire& wire) -> std::optional<Wire::Fate> {
      if (!writes(wire, kFamilies, "1") || !std::exchange(first, false)) return std::nullopt;
      return Wire::Fate::zombie;
    };
    world.hold = [](const Wire& wire) { return wire.fate == Wire::Fate::zombie; };
    world.commit({world.source.put(parents, {1, 0, "old"})});
    world.run_until([&] { return world.wire(0, [](const Wire& w) { return w.replied && !w.worked; }) != nullptr; },
                    "the 504");
    world.commit({world.source.put(parents, {1, 0, "new"})});
    world.run_until([&] { return world.slot_confirmed == world.source.wal_end(); }, "the confirmation");
    EXPECT_EQ(world.stored(0, kFamilies, "1"), "{new, 1:anna}");
    world.come_to_rest();
  });
}

TEST(Interleaving, a_transaction_open_while_the_slot_was_made_is_seen_by_the_seed) {
  play([](World& world) {
    world.commit({world.source.put(parents, {1, 0, "one"})});
    world.commit({world.source.put(parents, {2, 0, "late"})}, Visible::later);
    world.create_slot();
    world.start();
    world.expect_throughout(
        200, [&] { return world.source.all_visible() || world.wire(0, is_seed) == nullptr; },
        "a chunk was read before the fence");
    world.come_to_rest();
    EXPECT_EQ(world.stored(0, kFamilies, "2"), "{late}");
  });
}

TEST(Interleaving, a_live_read_before_the_seed_fence_does_not_keep_the_seed_document_out) {
  play([](World& world) {
    world.commit({world.source.put(parents, {1, 0, "one"})});
    world.commit({world.source.put(children, {1, 1, "late"})}, Visible::later);
    world.create_slot();
    world.hidden = true;
    world.start();
    world.commit({world.source.put(parents, {1, 0, "changed"})});
    world.run_until([&] { return world.stored(0, kFamilies, "1") == "{changed}"; }, "the live write without the child");
    world.hidden = false;
    world.come_to_rest();
    EXPECT_EQ(world.stored(0, kFamilies, "1"), "{changed, 1:late}");
  });
}

TEST(Interleaving, a_transaction_open_while_a_table_was_added_to_the_publication_is_seen_by_the_seed) {
  play([](World& world) {
    world.commit({world.source.put(parents, {1, 0, "one"}), world.source.put(children, {1, 1, "anna"})});
    world.create_slot();
    world.start({kKids});  // knows nothing of items
    world.run_until([&] { return world.process->at_rest(); }, "rest");
    world.crash();
    world.source.commit_unpublished({world.source.put(items, {1, 1, "late"})}, ++world.event);
    world.hidden = true;
    world.start();
    world.expect_throughout(
        200, [&] { return world.wire(0, is_seed) == nullptr; }, "a chunk was read before the fence");
    world.hidden = false;
    world.come_to_rest();
    EXPECT_EQ(world.stored(0, kFamilies, "1"), "{one, 1:anna (1:late)}");
  });
}

TEST(Interleaving, a_dropped_seed_document_and_a_crash_before_its_rebuild_lose_nothing) {
  play([](World& world) {
    world.commit({world.source.put(parents, {1, 0, "one"}), world.source.put(parents, {2, 0, "two"})});
    world.create_slot();
    world.start();
    world.hold = [](const Wire& wire) { return writes(wire, kFamilies, "1"); };
    world.commit({world.source.put(parents, {1, 0, "changed"})});
    const auto stuck = [&] {
      return world.process->seeding_all_read() &&
             world.wire(0, [](const Wire& w) { return writes(w, kFamilies, "1"); }) != nullptr;
    };
    world.run_until(stuck, "the live write that replaces the seed document");
    if (world.process->can_save_progress()) world.process->save_progress();
    const auto& seed = world.sinks[0].meta[kFamilies].seed;
    ASSERT_TRUE(seed.has_value());
    const auto done = stages::unpack_bitmap(seed->done, seed->plan.chunks.size());
    EXPECT_TRUE(std::find(done.begin(), done.end(), false) != done.end()) << "the chunk of document 1 cannot be done";
    world.crash();
    world.sinks[0].wires.clear();  // the bulk never arrived
    world.start();
    world.come_to_rest();
    EXPECT_EQ(world.stored(0, kFamilies, "1"), "{changed}");
  });
}

TEST(Interleaving, a_seed_over_the_budget_of_touched_documents_still_ends_right) {
  play([](World& world) {
    world.ledger_limits.touched_budget = 1;
    for (int id = 1; id <= 6; ++id)
      world.commit({world.source.put(parents, {id, 0, "old"}), world.source.put(children, {id, id, "old"})});
    world.create_slot();
    world.start();
    for (int round = 0; round < 12; ++round) {
      for (int i = 0; i < 20; ++i) world.step();
      world.commit({world.source.put(parents, {1 + round % 6, 0, "new" + std::to_string(round)})});
    }
    world.come_to_rest();
    EXPECT_EQ(world.stored(0, kFamilies, "6"), "{new11, 6:old}");
  });
}

TEST(Interleaving, keepalive_positions_that_go_back_after_a_reconnect_confirm_nothing_wrong) {
  play([](World& world) {
    settle_down(world);
    for (int round = 0; round < 6; ++round) {
      world.commit({world.source.put(parents, {1, 0, "v" + std::to_string(round)})});
      world.source.other_activity(7);
      for (int i = 0; i < world.random.between(0, 30); ++i) world.step();
      world.process->reconnect();
    }
    world.come_to_rest();
    EXPECT_EQ(world.slot_confirmed, world.source.wal_end());
    EXPECT_EQ(world.stored(0, kFamilies, "1"), "{v5, 1:anna}");
  });
}

TEST(Interleaving, pages_of_one_group_may_arrive_in_any_order) {
  play([](World& world) {
    for (int id = 1; id <= 6; ++id) world.commit({world.source.put(children, {id, 1, "kid"})});
    settle_down(world);
    world.commit({world.source.put(parents, {1, 0, "renamed"}), world.source.put(parents, {2, 0, "too"})});
    world.run_until([&] { return !world.process->released.empty(); }, "the group");
    while (!world.process->released.empty()) world.process->fan_out(0);
    while (!world.process->lookups.empty()) world.process->resolve(0);
    EXPECT_GE(world.process->inbox.size(), 5U);
    const Lsn before = world.slot_confirmed;
    while (!world.process->inbox.empty()) {
      EXPECT_EQ(world.slot_confirmed, before);
      world.process->deliver(world.process->inbox.size() - 1);  // the last page first, the announcement last
    }
    world.come_to_rest();
    EXPECT_EQ(world.stored(0, kKids, "6"), "{kid, parent renamed}");
  });
}

TEST(Interleaving, a_restart_goes_on_with_the_chunk_plan_that_was_written_not_with_a_new_one) {
  play([](World& world) {
    for (int id = 1; id <= 6; ++id) world.commit({world.source.put(parents, {id, 0, "old"})});
    world.create_slot();
    world.start();
    const auto& seed = world.sinks[0].meta[kFamilies].seed;
    const auto some_chunk_done = [&] { return seed && seed->done.find_first_not_of('0') != std::string::npos; };
    world.run_until(some_chunk_done, "the record of a chunk");
    if (world.sinks[0].meta[kFamilies].seeded) return;  // the seed had a single chunk
    const SeedMeta written = *seed;
    world.crash();
    for (int id = 1; id <= 6; ++id) world.commit({world.source.put(parents, {id, 0, "new"})});
    world.start();
    for (int i = 0; i < 300 && seed; ++i) {
      if (world.sinks[0].meta[kFamilies].seeded) break;
      EXPECT_EQ(seed->generation, written.generation);
      ASSERT_EQ(seed->plan.chunks.size(), written.plan.chunks.size());
      for (std::size_t chunk = 0; chunk < written.plan.chunks.size(); ++chunk)
        EXPECT_EQ(seed->plan.chunks[chunk].to, written.plan.chunks[chunk].to);
      world.step();
    }
    world.come_to_rest();
    EXPECT_EQ(world.stored(0, kFamilies, "6"), "{new}");
  });
}

TEST(Interleaving, a_generation_is_deleted_only_when_no_bulk_can_reach_it_any_more) {
  play([](World& world) {
    world.packer_limits.max_documents = 1;
    settle_down(world);
    const int old_generation = world.sinks[0].meta[kFamilies].active;
    world.hold = [](const Wire&) { return true; };
    world.requests_on_wire = 16;  // more than there are documents
    world.process->reindex(0, kFamilies);
    world.run_until([&] { return world.process->seeding_all_read(); }, "the end of the scan");
    world.commit({world.source.put(parents, {5, 0, "five"})});
    world.run_until([&] { return world.wire(0, [](const Wire& w) { return writes(w, kFamilies, "5"); }) != nullptr; },
                    "the live bulk");
    for (Wire& wire : world.sinks[0].wires) wire.held = !is_seed(wire);
    world.hold = [](const Wire& wire) { return !is_seed(wire); };
    world.run_until([&] { return world.sinks[0].meta[kFamilies].active != old_generation; }, "the promotion");
    world.expect_throughout(
        200, [&] { return world.sinks[0].generations[kFamilies].contains(old_generation); },
        "a generation with a bulk on its way was deleted");
    world.release_wires();
    world.come_to_rest();
    EXPECT_FALSE(world.sinks[0].generations[kFamilies].contains(old_generation));
  });
}

TEST(Interleaving, a_crash_after_any_step_of_the_promotion_is_finished_by_the_next_start) {
  for (int steps = 0; steps < 16; ++steps) {
    play([steps](World& world) {
      settle_down(world);
      world.process->reindex(0, kKids);
      world.run_until([&] { return world.process->seeding_all_recorded(); }, "the last chunk");
      for (int i = 0; i < steps && world.process->has_control(); ++i) world.process->control();
      world.crash();
      world.commit({world.source.put(children, {1, 2, "moved"}), world.source.remove(children, 2)});
      world.come_to_rest();
      EXPECT_EQ(world.stored(0, kKids, "1"), "{moved, parent two}");
      EXPECT_EQ(world.stored(0, kKids, "2"), "");
    });
  }
}

TEST(Interleaving, an_index_disabled_for_one_run_starts_over_when_it_is_enabled_again) {
  play([](World& world) {
    settle_down(world);
    const int before = world.sinks[0].meta[kKids].active;
    world.crash();
    world.start({kFamilies});
    world.commit({world.source.remove(children, 2), world.source.put(children, {1, 1, "unseen"})});
    world.run_until([&] { return world.slot_confirmed == world.source.wal_end() && world.process->at_rest(); },
                    "rest without kids");
    world.crash();
    world.come_to_rest();
    EXPECT_GT(world.sinks[0].meta[kKids].active, before);
    EXPECT_EQ(world.stored(0, kKids, "2"), "");
    EXPECT_EQ(world.stored(0, kKids, "1"), "{unseen, parent one}");
  });
}

TEST(Interleaving, a_generation_half_built_when_its_index_was_disabled_is_not_gone_on_with) {
  play([](World& world) {
    for (int id = 1; id <= 6; ++id) world.commit({world.source.put(children, {id, 1, "old"})});
    world.create_slot();
    world.start();
    const auto all_there = [&] {
      for (int id = 1; id <= 6; ++id)
        if (world.stored(0, kKids, std::to_string(id)).empty()) return false;
      return true;
    };
    world.run_until(all_there, "the seed documents");
    if (world.sinks[0].meta[kKids].seeded) return;  // promoted before the crash could fall
    world.crash();
    world.start({kFamilies});
    world.commit({world.source.remove(children, 3)});
    world.run_until([&] { return world.slot_confirmed == world.source.wal_end() && world.process->at_rest(); },
                    "rest without kids");
    world.crash();
    world.come_to_rest();
    EXPECT_EQ(world.stored(0, kKids, "3"), "");
  });
}

TEST(Interleaving, a_sink_that_finishes_its_seed_first_leaves_the_other_one_safe) {
  play(
      [](World& world) {
        for (int id = 1; id <= 6; ++id) world.commit({world.source.put(parents, {id, 0, "old"})});
        world.create_slot();
        world.start();
        world.run_until([&] { return world.process->seeding_begun(); }, "the plan");
        world.crash();  // from here on each sink has a job of its own
        world.start();
        for (int round = 0; round < 20; ++round) {
          for (int i = 0; i < 15; ++i) world.step();
          world.commit({world.source.put(parents, {1 + round % 6, 0, "new" + std::to_string(round)})});
        }
        world.come_to_rest();
        EXPECT_EQ(world.stored(1, kFamilies, "2"), "{new19}");
      },
      2);
}

}  // namespace
}  // namespace flusso::sim
