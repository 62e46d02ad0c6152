#pragma once
// What rows have and documents cannot show (model/value_losses.h): added to the live figures, and warned about once
// per index and field, with the cure. Thread: any.

#include "model/batches.h"
#include "model/plan.h"
#include "pipeline/status.h"

namespace flusso::pipeline {

// Empties batch.losses.
void report_losses(DocBatch& batch, const Plan& plan, LiveStatus& status);
// Changed root rows that have no document because of a NULL in their key.
void report_null_keys(IndexId index, std::uint64_t rows, const Plan& plan, LiveStatus& status);

}  // namespace flusso::pipeline
