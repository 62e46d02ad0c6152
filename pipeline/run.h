#pragma once
// One run: from a prepared plan to the end of the stream, a drain or the first fatal error. Built once, never reset; a
// new attempt is a new Run from the slot's confirmed position.
//
// Control (a thread of the run) seeds what is unseeded, promotes it, claims and confirms positions, refreshes searches.
// Destruction order is the order below, reversed: threads that call into the graph die before the graph.
//
// Thread: construct and execute on the supervisor's thread; request_drain and request_abort from any.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "pipeline/budgets.h"
#include "pipeline/capture_thread.h"
#include "pipeline/graph.h"
#include "pipeline/options.h"
#include "pipeline/preparation.h"
#include "pipeline/run_state.h"
#include "pipeline/seed_board.h"
#include "pipeline/stall_watch.h"
#include "pipeline/status.h"

namespace flusso::pipeline {

class Run {
 public:
  Run(Prepared& prepared, Backends& backends, SourceAdmin& source, const Options& options, Budgets& budgets,
      LiveStatus& status, std::vector<bool>& stdout_seeded);
  ~Run();
  Run(const Run&) = delete;

  enum class End { drained, failed };
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
  // A seed job and the sinks it feeds.
  struct Job {
    IndexId index;
    std::vector<SinkId> sinks;
    std::uint32_t filenode = 0;
    bool dirty = false;  // recorded chunks that are not yet saved
    bool finished = false;
  };
  struct Durable {
    Lsn lsn;
    GroupSeq seq;  // the group that carried it
  };
  struct Mail {
    std::deque<stages::Ticket> recorded;
    std::vector<std::uint64_t> answered;
    std::deque<std::pair<GroupSeq, std::vector<TableId>>> truncated;
    std::optional<Durable> durable;
    bool empty() const { return recorded.empty() && answered.empty() && truncated.empty() && !durable; }
  };

  GraphCallbacks callbacks();
  void control(const std::stop_token& stop);
  Status work(const std::stop_token& stop);
  void set_targets();
  Status start_seeds(const std::stop_token& stop);
  Status start_seed(IndexId index, std::vector<SinkId> sinks, SnapshotScan& scan);
  Status handle(Mail mail, const std::stop_token& stop);
  Status on_recorded(stages::Ticket ticket, const std::stop_token& stop);
  Status save_progress(std::size_t job);
  Status finish_seed(std::size_t job, const std::stop_token& stop);
  Status on_truncated(GroupSeq seq, const std::vector<TableId>& tables);
  Status claim_and_confirm(SteadyTime now);
  void refresh_if_caught_up(SteadyTime now);
  Status drain(const std::stop_token& stop);
  Error drain_deadline() const;
  Status await_answer(std::uint64_t id, const std::stop_token& stop);
  bool seeding() const;
  Mail wait_for_mail(const std::stop_token& stop);

  Prepared& prepared_;
  Backends& backends_;
  SourceAdmin& source_;
  const Options& options_;
  Budgets& budgets_;
  LiveStatus& status_;
  std::vector<bool>& stdout_seeded_;
  RunState state_;
  StallWatch stall_watch_;
  std::stop_source intake_stop_;  // drain or abort: ends waits for seeding
  std::atomic<bool> draining_{false};
  bool drained_ = false;
  bool fence_passed_ = false;  // transactions that are in neither the stream nor older snapshots have ended

  std::mutex mutex_;
  std::condition_variable_any mailed_;
  Mail mail_;
  std::uint64_t next_question_ = 0;

  std::optional<Durable> durable_;  // not yet confirmed to the source
  std::optional<Lsn> backfill_target_;
  std::optional<GroupSeq> restart_after_;  // a truncating group: once it is confirmed, a new run seeds what was staged
  std::vector<bool> truncated_;            // by index: staged anew because of it
  SteadyTime last_claim_{};
  SteadyTime last_refresh_{};
  SteadyTime last_progress_{};
  SteadyTime last_target_poll_{};
  std::vector<Job> jobs_;  // by SeedBoard's job number
  // Indexes written to since their last refresh: [sink][index].
  std::vector<std::unique_ptr<std::atomic<bool>[]>> written_;

  std::unique_ptr<ChangeCapture> capture_;
  std::unique_ptr<Graph> graph_;
  std::unique_ptr<SeedBoard> board_;
  std::unique_ptr<CaptureThread> capture_thread_;
  std::jthread ticker_;
  std::jthread lock_watch_;
  std::jthread control_;
};

}  // namespace flusso::pipeline
