#pragma once
// Confirmation: a position goes to the source only after every sink has durably noted that it may have gone
// (design 6-i). Thread: control.

#include <optional>

#include "model/ports/backends.h"
#include "pipeline/commit_log.h"
#include "pipeline/mailbox.h"
#include "pipeline/options.h"
#include "pipeline/preparation.h"
#include "pipeline/status.h"

namespace flusso::pipeline {

class Claims {
 public:
  Claims(Prepared& prepared, Backends& backends, const Options& options, LiveStatus& status)
      : prepared_(prepared), backends_(backends), options_(options), status_(status) {}

  void add(Durable durable) { durable_ = durable; }
  // A position waits to be confirmed.
  bool waiting() const { return durable_.has_value(); }
  // The next attempt need not wait for the interval between two.
  void hurry() { last_claim_ = SteadyTime{}; }
  // Which transactions went by in this run. Before the first confirm; must outlive it.
  void watch(CommitLog& commits) { commits_ = &commits; }
  // Claims and confirms what is durable, at most once per claim_interval. Returns the group whose position was
  // confirmed, nothing when there was none, or a sink cannot note it now (it is asked again).
  Result<std::optional<GroupSeq>> confirm(SteadyTime at, ChangeCapture& capture);

 private:
  Prepared& prepared_;
  Backends& backends_;
  const Options& options_;
  LiveStatus& status_;
  std::optional<Durable> durable_;  // not yet confirmed to the source
  SteadyTime last_claim_{};
  CommitLog* commits_ = nullptr;
  std::optional<CommitMark> last_commit_;  // at or below what is durable
};

}  // namespace flusso::pipeline
