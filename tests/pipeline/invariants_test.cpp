// Random histories on the real graph: changes, seeding, failures and deaths at once; every invariant is a test. All
// tests share one pass over the seeds.
//   FLUSSO_PIPELINE_SEEDS=n  how many seeds (default 100)      FLUSSO_PIPELINE_SEED=n  only that one
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/pipeline/world.h"
#include "tests/support/seeds.h"

namespace flusso::fakes {
namespace {

void set_weather(Faults& faults, std::uint64_t seed) {
  faults.slow_read = 150;
  faults.slow_bulk = 200;
  faults.late_visibility = 300;
  if (seed % 4 == 0) return;  // fair, but with late visibility
  faults.read_failed = 3;
  faults.item_busy = 10;
  faults.refused = 20;
  faults.unreachable = 10;
  faults.control_failed = 3;
  if (seed % 4 == 1) return;
  faults.reply_lost = 30;  // doubt
  faults.zombie = 40;
  faults.capture_lost = 3;
  if (seed % 4 == 2) return;
  faults.item_busy = 60;  // a busy sink and a frail process
  faults.control_failed = 15;
  faults.control_crash = 15;
  faults.capture_lost = 8;
}

std::string random_text(Chance& chance) {
  std::string text = "v" + std::to_string(chance.below(100000));
  if (chance.per_mille(15)) text += " refused";
  if (chance.per_mille(15)) text += " broken";
  return text + std::string(chance.below(120), 'x');
}

constexpr int kRows[kTables] = {15, 30, 30};

Edit random_edit(Chance& chance) {
  const auto table = static_cast<Table>(chance.below(kTables));
  const int id = chance.per_mille(200) ? 1 : chance.between(1, kRows[table]);
  const int ref = table == parents ? 0 : chance.per_mille(200) ? 1 : chance.between(1, kRows[table - 1]);
  if (chance.per_mille(150)) return drop(table, id);
  if (chance.per_mille(40)) return Edit{Edit::Kind::rename, table, Row{id, 0, {}}, chance.between(1, kRows[table])};
  return put(table, id, ref, random_text(chance));
}

void random_commit(World& world) {
  std::vector<Edit> edits;
  for (int left = world.chance.per_mille(50) ? 30 : world.chance.between(1, 4); left > 0; --left)
    edits.push_back(random_edit(world.chance));
  const bool late = world.chance.per_mille(world.faults.late_visibility);
  world.database.commit(edits, Millis{late ? world.chance.between(1, 8) : 0});
}

void load(World& world) {
  std::vector<Edit> edits;
  for (std::size_t table = 0; table < kTables; ++table)
    for (int id = 1; id <= kRows[table]; ++id)
      if (world.chance.per_mille(800))
        edits.push_back(put(static_cast<Table>(table), id, table == 0 ? 0 : world.chance.between(1, kRows[table - 1]),
                            random_text(world.chance)));
  world.database.commit(edits);
  for (int i = 0; i < 4; ++i) random_commit(world);  // some of it is not visible yet when the slot is made
}

// One thing that happens outside, or to the process.
void happen(World& world) {
  Chance& chance = world.chance;
  const std::size_t what = chance.below(1000);
  if (what < 600) {
    random_commit(world);
  } else if (what < 640) {
    world.database.other_activity();
  } else if (what < 670) {
    world.kill();
  } else if (what < 690) {
    for (const auto& cluster : world.clusters) cluster->set_away(false);  // it would wait for that until its deadline
    if (world.running()) (void)world.drain();
  } else if (what < 710) {
    auto& cluster = *world.clusters[chance.below(world.clusters.size())];
    cluster.set_away(!cluster.away());
  } else if (what < 715) {
    world.database.truncate(static_cast<Table>(chance.below(kTables)));
  } else if (what < 722) {
    world.database.rewrite();
  } else if (what < 740) {
    world.database.checkpoint();
  } else if (what < 750) {
    world.process().lock_lost = true;
  } else if (what < 757) {
    world.kill();  // and the server with it
    if (world.database.slot().exists) world.database.move_slot(world.database.slot().checkpointed);
  } else {
    const std::uint64_t before = world.process().shares[0]->requests;
    (void)world.await([&] { return world.process().shares[0]->requests > before + 1; }, Millis{4});
  }
}

void check_end(World& world) {
  const Process& process = world.process();
  if (process.result()) {
    const Slot slot = world.database.slot();
    world.verdict.check(Invariant::drain_confirms_everything_it_sent, slot.confirmed >= slot.delivered,
                        std::to_string(slot.delivered.value) + " was delivered, " +
                            std::to_string(slot.confirmed.value) + " confirmed");
  }
}

void run_seed(std::uint64_t seed, const invariants::Judge& judge) {
  World world(seed, 1 + (seed % 3 == 0 ? 1 : 0), seed % 6 == 3 ? World::Plain::yes : World::Plain::no);
  world.limits.request_timeout = Millis{15};
  world.options.seed_patience = Millis{50};
  if (seed % 5 == 0) world.clusters[0]->set_max_body(2500);
  // A sink that keeps nothing cannot be asked which document a row has left.
  if (seed % 2 == 1 && seed % 6 != 3) world.old_rows = OldRows::silent;
  set_weather(world.faults, seed);
  load(world);
  unsigned failures = 0;
  world.start();
  for (int left = world.chance.between(40, 80); left > 0; --left) {
    happen(world);
    if (world.running()) continue;
    ++failures;
    if (world.process_exists()) check_end(world);
    world.start();
  }
  world.faults.calm();
  for (auto& cluster : world.clusters) cluster->set_away(false);
  // What still goes wrong now went wrong before the weather changed.
  for (int attempts = 0; attempts < 5 && !world.await([&] { return world.at_rest() || !world.running(); });
       ++attempts) {
  }
  if (!world.running()) world.start();
  const bool rests = world.come_to_rest();
  if (failures != 0)
    world.verdict.check(Invariant::a_failed_run_resumes_without_loss,
                        rests && world.verdict.broken(Invariant::promoted_generation_equals_source) == 0,
                        "see promoted_generation_equals_source");
  if (rests) {
    world.database.other_activity();
    world.verdict.check(Invariant::an_idle_database_still_advances_the_slot,
                        world.await([&] { return world.database.slot().confirmed >= world.database.wal_end(); }),
                        world.state_of_rest());
    if (seed % 2 == 0) {
      random_commit(world);
      const Status drained = world.drain();
      world.verdict.check(Invariant::drain_confirms_everything_it_sent, drained.has_value(),
                          drained ? "" : drained.error().what);
      check_end(world);
    }
  }
  judge(world.verdict);
}

const Verdict& all_seeds() {
  static Verdict verdict;
  static const bool done = [] {
    invariants::over_seeds({"PIPELINE", 100, 10}, verdict, run_seed);
    return true;
  }();
  (void)done;
  return verdict;
}

class Pipeline : public testing::TestWithParam<Invariant> {};

TEST_P(Pipeline, invariant) {
  const Verdict& verdict = all_seeds();
  EXPECT_EQ(verdict.broken(GetParam()), 0U) << verdict.examples(GetParam());
  const bool all = std::getenv("FLUSSO_PIPELINE_SEED") == nullptr;
  EXPECT_TRUE(!all || verdict.checked(GetParam()) > 0) << "nothing put it to the test";
}

INSTANTIATE_TEST_SUITE_P(
    Seeds, Pipeline,
    testing::Values(Invariant::confirmed_lsn_never_decreases,
                    Invariant::no_lsn_is_confirmed_before_its_documents_are_durable, Invariant::one_attempt_per_id,
                    Invariant::promoted_generation_equals_source, Invariant::leases_are_zero_after_every_run,
                    Invariant::peak_bytes_stay_within_budget, Invariant::a_failed_run_resumes_without_loss,
                    Invariant::an_idle_database_still_advances_the_slot, Invariant::drain_confirms_everything_it_sent,
                    Invariant::no_write_reaches_a_retired_generation,
                    Invariant::no_run_writes_before_the_bulks_of_earlier_ones_have_ended,
                    Invariant::no_run_ends_as_a_bug, Invariant::every_run_comes_to_rest),
    [](const auto& instance) { return std::string(to_text(instance.param)); });

}  // namespace
}  // namespace flusso::fakes
