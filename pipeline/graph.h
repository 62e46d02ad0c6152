#pragma once
// All nodes and all edges of a run, and nothing else. Bodies only call a stage or hand work to a lane.
//
// clang-format off
//  put_changes ─▶ fence* ─▶ fanout ─┬─────────────────┐
//                                   └─▶ resolve* ───┐ │
//  post: lanes, control, ticker ─▶ entry ───────────┴─┴─▶ LEDGER (serial) ─┬─▶ build* ──┐
//                                                          ▲               ├─ seed docs ┴─▶ pack ─▶ queue ─▶ limiter ─▶ send* ─▶ settle ─┐
//                                                          │               │                ▲                   ▲         ▲             │
//                                                          │               │                └─ done ────────────┴─ one ───┴─ again ─────┤
//                                                          ├───────────────┼────────────────────────────────────────────────────────────┘
//                                                          completions     └─▶ order ─▶ confirm ─▶ on_durable
//
//  pack to settle: one of each per sink.   * = async_node: the body only enqueues to threads of ours; the answer comes
//  back through its gateway.
// clang-format on
//
// Thread: construct, wait and destroy on the supervisor's thread; put_changes, post, close from any.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/plan.h"
#include "model/ports/backends.h"
#include "pipeline/budgets.h"
#include "pipeline/options.h"
#include "pipeline/run_state.h"
#include "pipeline/status.h"
#include "stages/events.h"

namespace flusso::pipeline {

// What the graph tells the rest of the run; called on graph threads, must be quick and must not block.
struct GraphCallbacks {
  std::function<void(Lsn, GroupSeq)> on_durable;  // the position and the group that carried it
  std::function<void(stages::Ticket)> on_may_start;
  std::function<void(stages::Ticket)> on_recorded;
  std::function<void(std::uint64_t)> on_answered;
  std::function<void(SinkId, const stages::Completion&)> on_written;
  // Tokens of a group's old rows, whose documents are to be searched for; the group stays open until a page of them is
  // posted. Empty when no sink can be asked.
  std::function<void(GroupSeq, std::map<IndexId, std::vector<std::string>>)> on_old_rows;
  // A group does not tell all of its documents; it stays open until control posts the part's last page.
  std::function<void(GroupSeq, std::vector<TableGap>)> on_gap;
};

class Graph {
 public:
  Graph(const Plan& plan, Backends& backends, Lsn confirmed, const Options& options, Budgets& budgets,
        LiveStatus& status, RunState& run, GraphCallbacks callbacks);
  ~Graph();
  Graph(const Graph&) = delete;

  void put_changes(ChangeBatch batch);
  void post(stages::LedgerEvent event);
  // Time passes for documents that are in flight or wait to be sent; false when there are none.
  bool tick(SteadyTime now);
  // No more input will come; wait() returns when everything inside has ended. Call exactly once.
  void close();
  // The run is over: lanes are stopped and requests on the wire abandoned (their late replies are ignored).
  void abandon();
  // Works for the graph until close() was called and all is done.
  void wait();

 private:
  struct Nodes;
  std::unique_ptr<Nodes> nodes_;
};

}  // namespace flusso::pipeline
