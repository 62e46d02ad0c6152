#pragma once
// Looks at the replication slot every few seconds while a run works: shows in the status what the slot keeps, warns
// when that is much or when Postgres is about to give the slot up, writes heartbeats, and ends the run when the slot is
// not what it should be, so that the next start judges it (pipeline/history).
//
// A thread of its own: the server may take seconds to answer. Thread: construct, stop: the run's.

#include <memory>
#include <string>
#include <thread>

#include "model/ports/slot_monitor.h"
#include "pipeline/options.h"
#include "pipeline/run_state.h"
#include "pipeline/status.h"

namespace flusso::pipeline {

// When a warning about kept WAL is due; pure.
class WalWarning {
 public:
  explicit WalWarning(std::uint64_t above_bytes) : above_bytes_(above_bytes) {}
  // The sentence to log now, empty = none: at once when something changes for the worse, then every `kAgain`.
  std::string look(const SlotHealth& health, SteadyTime now);

 private:
  const std::uint64_t above_bytes_;  // 0 = never because of the amount
  std::string last_status_ = "reserved";
  bool was_above_ = false;
  SteadyTime said_{};
};

// Why the run must end; empty = the slot is what it should be. `confirmed`: the highest position sent to the source.
std::string slot_fault(const SlotHealth& health, Lsn confirmed, const std::string& slot);

class SlotWatch {
 public:
  SlotWatch(std::unique_ptr<SlotMonitor> monitor, const Options& options, LiveStatus& status, RunState& run);
  ~SlotWatch() { stop(); }
  SlotWatch(const SlotWatch&) = delete;
  void stop();

 private:
  void work(const std::stop_token& stop);
  void look(SteadyTime now, const std::stop_token& stop);

  std::unique_ptr<SlotMonitor> monitor_;
  const Options& options_;
  LiveStatus& status_;
  RunState& run_;
  WalWarning warning_;
  bool blind_ = false;  // the last look failed
  std::jthread thread_;
};

}  // namespace flusso::pipeline
