#pragma once
// Random histories, one per seed, judged together. FLUSSO_<name>_SEEDS=n says how many seeds, FLUSSO_<name>_SEED=n runs
// only that one. Thread: the test's.

#include <cstdint>
#include <functional>

#include "tests/support/verdict.h"

namespace flusso::invariants {

struct SeedPlan {
  const char* name;           // the part of the variables' names: "SIM"
  std::uint64_t count;        // seeds of a usual run
  std::uint64_t when_broken;  // seeds that run also after an invariant was broken, for more examples
};

using Judge = std::function<void(const Verdict& of_this_seed)>;

// Calls `run` for each seed, which hands its verdict to the judge; adds them all to `sum`. On stderr: how to repeat a
// seed that broke an invariant, or during which the process was aborted.
void over_seeds(const SeedPlan& plan, Verdict& sum,
                const std::function<void(std::uint64_t seed, const Judge& judge)>& run);

}  // namespace flusso::invariants
