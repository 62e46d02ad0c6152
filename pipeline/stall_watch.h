#pragma once
// Says who holds the memory when somebody has waited for it too long: the first thing an operator needs to know about a
// pipeline that does not move. Thread: one (control).

#include "model/clock.h"
#include "pipeline/budgets.h"

namespace flusso::pipeline {

class StallWatch {
 public:
  explicit StallWatch(const Budgets& budgets, Millis patience = Millis{30000})
      : budgets_(budgets), patience_(patience) {}
  // Looks at the accounts; logs one line per account that has had waiters without a break for `patience`, then every
  // `patience` again. Returns how many lines were logged.
  unsigned look(SteadyTime now);

 private:
  const Budgets& budgets_;
  const Millis patience_;
  SteadyTime free_since_[3]{};
};

}  // namespace flusso::pipeline
