#pragma once
// Keeps a run going: prepares, runs, classifies how it ended, waits and begins again from the confirmed position. What
// was never working is reported at once; what worked before, or is there but busy, is worth waiting for.
//
//   drained ─▶ done          transient, or it worked before ─▶ backoff ─▶ again          permanent, config, bug ─▶
//   error
//
// Thread: run on the thread that may wait for the graph's whole life (main); the requests from any.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "model/plan.h"
#include "model/ports/backends.h"
#include "model/result.h"
#include "pipeline/budgets.h"
#include "pipeline/options.h"
#include "pipeline/preparation.h"
#include "pipeline/status.h"

namespace flusso::pipeline {

class Run;

class Supervisor {
 public:
  // `indexes`: the enabled ones with schema, mapping and policy. References must outlive the supervisor.
  Supervisor(std::vector<IndexPlan> indexes, Backends& backends, const Options& options, LiveStatus& status);
  ~Supervisor();

  // Blocks until drained (success) or until an error that waiting does not cure. A backfill that was stopped before it
  // was done is an error: run.interrupted.
  flusso::Status run();
  // First signal: finish and confirm what is complete. Second: leave at once; what is unconfirmed is repeated later.
  void request_drain();
  void request_abort();

  const Budgets& budgets() const { return budgets_; }

 private:
  struct Attempt {
    bool drained = false;
    bool caught_up = false;  // drained because the backfill was done
    bool prepared = false;   // the run was begun
    bool started = false;    // the stream was open
    Error error;
  };
  // What a failed attempt is followed by.
  enum class Outlook : std::uint8_t {
    hopeless,  // waiting does not cure it
    standby,   // another process leads
    held,      // the slot is in use
    passing,   // worth another attempt after a while
  };
  flusso::Status keep_running();
  Attempt attempt();
  // `running`: the time since the process began.
  Outlook judge(const Attempt& attempt, bool worked_before, Millis running) const;
  // Another process leads: says so now and then, and waits a moment. False when asked to stop meanwhile.
  bool stand_by(const Error& error);
  // Before another run writes, every request of this one has been answered or has timed out.
  void settle_sinks();

  std::vector<IndexPlan> indexes_;
  Backends& backends_;
  const Options options_;
  LiveStatus& status_;
  Budgets budgets_;
  SeededNames stdout_seeded_;
  std::unique_ptr<SourceAdmin> source_;
  std::optional<std::string> known_gap_;  // found out by a run: the next start builds every index anew
  SteadyTime stood_by_said_{};
  bool caught_up_ = false;
  std::stop_source drain_;
  std::stop_source abort_;
  std::mutex mutex_;
  Run* current_ = nullptr;
};

}  // namespace flusso::pipeline
