#pragma once
// The thread that reads the change stream: cuts it into groups, leases their memory, feeds the graph, and keeps
// feedback alive while it waits for memory, so that a slow sink never lets the server think that we are gone.

#include <atomic>
#include <thread>

#include "model/ports/change_capture.h"
#include "pipeline/budgets.h"
#include "pipeline/commit_log.h"
#include "pipeline/graph.h"
#include "pipeline/run_state.h"
#include "pipeline/status.h"
#include "stages/assemble.h"

namespace flusso::pipeline {

class CaptureThread {
 public:
  // `capture` has been started at `confirmed`. All references must outlive the thread.
  CaptureThread(ChangeCapture& capture, Lsn confirmed, Graph& graph, CommitLog& commits, Budgets& budgets,
                LiveStatus& status, RunState& run);
  ~CaptureThread() { stop(); }
  CaptureThread(const CaptureThread&) = delete;

  // Sends the last feedback and joins. Idempotent.
  void stop();
  // Stops intake: what is complete is still put, then only feedback flows. Thread: any.
  void drain();
  // True once nothing more will be put.
  bool drained() const { return drained_.load(); }

 private:
  void work(const std::stop_token& stop);
  void read(const std::stop_token& stop);
  void put(ChangeBatch batch, const std::stop_token& stop);
  flusso::Status note(const CaptureEvent& event);

  ChangeCapture& capture_;
  Graph& graph_;
  CommitLog& commits_;
  Budgets& budgets_;
  LiveStatus& status_;
  RunState& run_;
  stages::Assemble assemble_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> drained_{false};
  std::jthread thread_;
};

}  // namespace flusso::pipeline
