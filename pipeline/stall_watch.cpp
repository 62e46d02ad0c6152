#include "pipeline/stall_watch.h"

#include "model/log.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kStallLog{"memory"};

}  // namespace

unsigned StallWatch::look(SteadyTime now) {
  const ByteBudget* const accounts[] = {&budgets_.changes, &budgets_.ids, &budgets_.documents};
  unsigned logged = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const ByteBudget& account = *accounts[i];
    if (account.waiters() == 0 || free_since_[i] == SteadyTime{}) {
      free_since_[i] = now;
      continue;
    }
    if (now - free_since_[i] < patience_) continue;
    free_since_[i] = now;
    ++logged;
    kStallLog.warn("work waits for memory that the sink has not given back", kv("account", account.name()),
                   kv("used", account.used()), kv("capacity", account.capacity()), kv("waiters", account.waiters()),
                   kv("seconds", patience_.count() / 1000));
  }
  return logged;
}

}  // namespace flusso::pipeline
