#pragma once
// The three memory accounts of the process. They outlive every run, because a reply to an abandoned request may still
// give bytes back.

#include "model/budget.h"
#include "pipeline/options.h"

namespace flusso::pipeline {

struct Budgets {
  explicit Budgets(const Options& options)
      : changes("changes", options.change_bytes),
        ids("ids", options.id_count),
        documents("documents", options.document_bytes, options.document_bytes_live_reserve) {}
  ByteBudget changes;
  ByteBudget ids;
  ByteBudget documents;
};

}  // namespace flusso::pipeline
