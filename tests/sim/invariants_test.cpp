// Thousands of random histories; every invariant of the pipeline is a test. All tests share one pass over the seeds.
//   FLUSSO_SIM_SEEDS=n  how many seeds (default 3000)      FLUSSO_SIM_SEED=n  only that one
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "tests/sim/world.h"
#include "tests/support/seeds.h"

namespace flusso::sim {
namespace {

Weather weather_of(std::uint64_t seed) {
  Weather weather;
  if (seed % 4 == 1) weather = Weather{10, 1, 1, 1, 1, 1, 1, 0};      // mostly fair
  if (seed % 4 == 2) weather = Weather{60, 10, 5, 5, 15, 15, 15, 4};  // doubt everywhere
  if (seed % 4 == 3) weather = Weather{30, 30, 20, 5, 5, 5, 10, 15};  // busy sinks, many crashes
  return weather;
}

void run_seed(std::uint64_t seed, const invariants::Judge& judge) {
  World world(seed, 1 + seed % 3, weather_of(seed));
  world.run_history(world.random.between(100, 700));
  world.come_to_rest();
  world.crash();
  judge(world.verdict);
}

const Verdict& all_seeds() {
  static Verdict verdict;
  static const bool done = [] {
    invariants::over_seeds({"SIM", 3000, 20}, verdict, run_seed);
    return true;
  }();
  (void)done;
  return verdict;
}

class Simulated : public testing::TestWithParam<Invariant> {};

TEST_P(Simulated, invariant) {
  const Verdict& verdict = all_seeds();
  EXPECT_EQ(verdict.broken(GetParam()), 0U) << verdict.examples(GetParam());
  EXPECT_GT(verdict.checked(GetParam()), 0U) << "nothing put it to the test";
  std::printf("             checked %llu times\n", static_cast<unsigned long long>(verdict.checked(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(
    Pipeline, Simulated,
    testing::Values(Invariant::confirmed_lsn_never_decreases,
                    Invariant::no_lsn_is_confirmed_before_its_documents_are_durable,
                    Invariant::a_document_is_never_overwritten_by_an_older_read, Invariant::one_attempt_per_id,
                    Invariant::seed_never_beats_live, Invariant::promoted_generation_equals_source,
                    Invariant::leases_are_zero_after_every_run, Invariant::a_failed_run_resumes_without_loss,
                    Invariant::an_idle_database_still_advances_the_slot, Invariant::drain_confirms_everything_it_sent,
                    Invariant::no_read_before_visible, Invariant::no_write_reaches_a_retired_generation,
                    Invariant::every_run_comes_to_rest),
    [](const auto& instance) { return std::string(to_text(instance.param)); });

}  // namespace
}  // namespace flusso::sim
