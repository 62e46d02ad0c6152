#include "tests/support/seeds.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace flusso::invariants {
namespace {

volatile std::sig_atomic_t g_seed = 0;  // for the handler below
const char* g_name = "";

// A broken FLUSSO_CHECK ends the process: say which history led there.
void tell_seed(int) {
  std::fprintf(stderr, "running FLUSSO_%s_SEED=%d\n", g_name, static_cast<int>(g_seed));
  std::signal(SIGABRT, SIG_DFL);
}

std::uint64_t number(const std::string& variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable.c_str());
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

void over_seeds(const SeedPlan& plan, Verdict& sum,
                const std::function<void(std::uint64_t seed, const Judge& judge)>& run) {
  const std::string variable = std::string("FLUSSO_") + plan.name + "_SEED";
  g_name = plan.name;
  std::signal(SIGABRT, tell_seed);
  const std::uint64_t only = number(variable, UINT64_MAX);
  const std::uint64_t first = only != UINT64_MAX ? only : 1;
  const std::uint64_t count = only != UINT64_MAX ? 1 : number(variable + "S", plan.count);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    g_seed = static_cast<std::sig_atomic_t>(seed);
    run(seed, [&](const Verdict& one) {
      if (one.broken() != 0)
        std::fprintf(stderr, "%s=%llu\n%s", variable.c_str(), static_cast<unsigned long long>(seed),
                     one.examples().c_str());
      sum.add(one, seed);
    });
    if (sum.broken() != 0 && seed >= first + plan.when_broken) break;
  }
}

}  // namespace flusso::invariants
