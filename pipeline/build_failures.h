#pragma once
// Documents that the source cannot build from their rows (an overflow in an aggregate, a raw filter that divides by
// zero): left out or the end of the run, as the index's on_error says.

#include <vector>

#include "model/batches.h"
#include "model/plan.h"
#include "pipeline/run_state.h"
#include "pipeline/status.h"

namespace flusso::pipeline {

// Empties batch.failures and returns those that are left out, already logged and counted; on_error = stop fails the
// run.
std::vector<DocFailure> leave_out_failures(DocBatch& batch, const Plan& plan, LiveStatus& status, RunState& run);

}  // namespace flusso::pipeline
