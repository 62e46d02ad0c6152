#pragma once
// What the lanes do that build documents: each has a connection of its own; its answers enter the graph through the
// job's hold. Thread: a worker is made and called on its lane.

#include <functional>

#include "model/plan.h"
#include "model/ports/backends.h"
#include "pipeline/budgets.h"
#include "pipeline/graph_nodes.h"
#include "pipeline/lanes.h"
#include "pipeline/options.h"
#include "pipeline/run_state.h"
#include "pipeline/status.h"

namespace flusso::pipeline {

struct BuildJob {
  BuildBatch batch;
  Hold<BuildNode::gateway_type> hold;
};

// What the graph and its lanes work with; all of it outlives them.
struct GraphContext {
  const Plan& plan;
  Backends& backends;
  const Options& options;
  Budgets& budgets;
  LiveStatus& status;
  RunState& run;
};

// `post` hands an event to the ledger.
LanePool<BuildJob>::Worker build_worker(const GraphContext& context, std::function<void(stages::LedgerEvent)> post);

}  // namespace flusso::pipeline
