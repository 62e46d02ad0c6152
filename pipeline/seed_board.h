#pragma once
// Seeding: which chunks are left, and the lanes that read them. A lane asks the ledger before its transaction begins,
// reads the chunk in that one short transaction and posts its documents; the chunk is recorded when all are durable.
// Thread: add, recorded, pause, progress by control; may_start from the graph; the lanes are its own.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/plan.h"
#include "model/ports/backends.h"
#include "pipeline/budgets.h"
#include "pipeline/graph.h"
#include "pipeline/options.h"
#include "pipeline/run_state.h"
#include "pipeline/status.h"
#include "stages/seeding.h"

namespace flusso::pipeline {

class SeedBoard {
 public:
  SeedBoard(const Plan& plan, Backends& backends, Graph& graph, Budgets& budgets, const Options& options,
            LiveStatus& status, RunState& run);
  ~SeedBoard() { stop(); }
  SeedBoard(const SeedBoard&) = delete;

  // Ends all reads and joins the lanes. Idempotent.
  void stop();
  // Adds a job; its chunks are read from now on. Returns the job's number.
  std::size_t add(stages::Seeding seeding);
  // The ledger knows of the chunk: its transaction may begin.
  void may_start(stages::Ticket ticket);
  struct Recorded {
    std::size_t job = 0;
    bool complete = false;
  };
  // Every document of that chunk is durable.
  Recorded recorded(stages::Ticket ticket);
  // Done chunks of a job, as text for the sink's meta index.
  std::string bitmap(std::size_t job) const;
  std::vector<SeedProgress> progress() const;
  // No further chunk is begun.
  void pause();
  // No lane is inside a chunk.
  bool idle() const;
  // A chunk's table was rewritten since it was planned: that index must be planned anew.
  std::optional<IndexId> rewritten() const;

 private:
  struct Taken {
    std::size_t job = 0;
    std::size_t chunk = 0;
  };
  void lane(const std::stop_token& stop);
  bool read_one(SnapshotScan& scan, const Taken& taken, const std::stop_token& stop);

  const Plan& plan_;
  Backends& backends_;
  Graph& graph_;
  Budgets& budgets_;
  const Options& options_;
  LiveStatus& status_;
  RunState& run_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::unique_ptr<stages::Seeding>> jobs_;
  std::vector<bool> resumed_;
  std::unordered_map<std::uint32_t, Taken> tickets_;
  std::unordered_set<std::uint32_t> started_;
  std::uint32_t next_ticket_ = 0;
  unsigned busy_ = 0;
  bool paused_ = false;
  std::optional<IndexId> rewritten_;
  std::vector<std::jthread> lanes_;
};

}  // namespace flusso::pipeline
