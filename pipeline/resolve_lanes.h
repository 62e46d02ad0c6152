#pragma once
// The lanes that find the documents of changed rows. One lane is quick: a lookup that meets a locked table or takes too
// long leaves it for the patient lane, and so does every later lookup by that path for a while, so that the lookups of
// other indexes never stand behind it. The patient lane tries what it has in turns.
//
//   push ─▶ quick ──────────────────────────────▶ pages into the ledger, the last one counts them
//             └─ locked, slow, or known as such ─▶ patient ─▶ …
//                                                     └─ still locked: once more, after the others
//
// Thread: push from any; the worker functions on their lanes.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "pipeline/graph_lanes.h"

namespace flusso::pipeline {

// Paths whose last lookup had to be left. Thread: any.
class LeftPaths {
 public:
  void leave(PathId path, SteadyTime until);
  void clear(PathId path);
  bool left(PathId path, SteadyTime now) const;

 private:
  mutable std::mutex mutex_;
  std::map<PathId, SteadyTime> until_;
};

class ResolveLanes {
 public:
  explicit ResolveLanes(const GraphContext& context);
  void push(LookupPlan plan, Hold<ResolveNode::gateway_type> hold);
  // Ends all waits, drops queued jobs and joins.
  void stop();

 private:
  // One lookup plan of the graph, whatever it is cut into: when its last piece ends, the number of its pages is told.
  struct Part {
    Part(GroupSeq group, Hold<ResolveNode::gateway_type> held) : seq(group), hold(std::move(held)) {}
    const GroupSeq seq;
    const Hold<ResolveNode::gateway_type> hold;
    std::atomic<std::uint32_t> pages{0};
    std::atomic<std::uint32_t> pieces{1};
  };
  struct Job {
    LookupPlan plan;
    std::shared_ptr<Part> part;
  };
  using Pool = LanePool<Job>;

  Pool::Worker quick_worker();
  Pool::Worker patient_worker();
  Status run(RowResolver& resolver, const LookupPlan& plan, Part& part, const std::stop_token& stop) const;
  // A piece of the part is done.
  static void end_piece(Part& part);
  // Makes a start a piece of its own, to be tried patiently.
  void leave(const LookupPlan& plan, std::size_t start, const std::shared_ptr<Part>& part);

  const GraphContext& context_;
  LeftPaths left_;
  std::unique_ptr<Pool> patient_;
  std::unique_ptr<Pool> quick_;  // pushes into the other one: joined first
};

}  // namespace flusso::pipeline
