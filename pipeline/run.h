#pragma once
// One run: from a prepared plan to the end of the stream, a drain or the first fatal error. Built once, never reset; a
// new attempt is a new Run from the slot's confirmed position.
//
// Control (a thread of the run) seeds what is unseeded, promotes it, claims and confirms positions, refreshes searches.
// Destruction order is the order below, reversed: threads that call into the graph die before the graph.
//
// Thread: construct and execute on the supervisor's thread; request_drain and request_abort from any.

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "pipeline/budgets.h"
#include "pipeline/capture_thread.h"
#include "pipeline/catalog_guard.h"
#include "pipeline/claims.h"
#include "pipeline/graph.h"
#include "pipeline/look_back.h"
#include "pipeline/mailbox.h"
#include "pipeline/options.h"
#include "pipeline/preparation.h"
#include "pipeline/refresher.h"
#include "pipeline/run_state.h"
#include "pipeline/seeder.h"
#include "pipeline/slot_watch.h"
#include "pipeline/stall_watch.h"
#include "pipeline/status.h"

namespace flusso::pipeline {

class Run {
 public:
  Run(Prepared& prepared, Backends& backends, SourceAdmin& source, const Options& options, Budgets& budgets,
      LiveStatus& status, SeededNames& stdout_seeded);
  ~Run();
  Run(const Run&) = delete;

  enum class End {
    drained,
    caught_up,  // drained because everything that a backfill is for was done
    failed
  };
  struct Outcome {
    End end = End::failed;
    std::optional<Error> error;  // failed
    bool started = false;        // the stream was open
  };
  // Opens the stream and works until the run ends.
  Outcome execute();
  // Finish what is complete, confirm it, then end as drained; after the deadline the run is aborted
  // (run.drain_deadline).
  void request_drain();
  void request_abort(Error why);

 private:
  GraphCallbacks callbacks();
  void control(const std::stop_token& stop);
  Status work(const std::stop_token& stop);
  Status handle(Mail mail);
  Status follow();
  Status on_gap(GroupSeq seq, const std::vector<TableGap>& gaps);
  Status build_anew(IndexId index, SinkId sink, const TableGap& gap);
  void save_catalog(const CatalogState& state);
  bool is_planned_for(const TableGap& gap) const;
  bool is_covered(IndexId index, SinkId sink, const TableGap& gap) const;
  Status confirm(SteadyTime at);
  Status drain(const std::stop_token& stop);
  Error drain_deadline() const;

  Prepared& prepared_;
  Backends& backends_;
  SourceAdmin& source_;
  const Options& options_;
  Budgets& budgets_;
  LiveStatus& status_;
  SeededNames& stdout_seeded_;
  RunState state_;
  StallWatch stall_watch_;
  std::stop_source intake_stop_;  // drain or abort: ends waits for seeding
  std::atomic<bool> draining_{false};
  bool drained_ = false;
  Mailbox mail_;
  CommitLog commits_;
  Claims claims_;
  Refresher refresher_;
  std::optional<Lsn> backfill_target_;  // where the WAL stood when every index was seeded
  bool caught_up_ = false;              // and that is confirmed
  // A group with a gap: once it is confirmed, a new run plans anew and seeds what was staged.
  std::optional<GroupSeq> restart_after_;
  std::vector<std::vector<bool>> staged_;             // [sink][index]: for that run
  std::vector<std::vector<bool>> seeded_from_start_;  // [sink][index]: no chunk was read before this run
  SteadyTime last_progress_{};

  std::unique_ptr<ChangeCapture> capture_;
  std::unique_ptr<Graph> graph_;
  std::unique_ptr<LookBack> look_back_;
  std::unique_ptr<Seeder> seeder_;
  std::unique_ptr<CaptureThread> capture_thread_;
  std::unique_ptr<CatalogGuard> catalog_guard_;
  std::jthread ticker_;
  std::jthread lock_watch_;
  std::unique_ptr<SlotWatch> slot_watch_;
  std::jthread control_;
};

}  // namespace flusso::pipeline
