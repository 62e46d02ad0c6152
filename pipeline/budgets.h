#pragma once
// What may be in memory at once, by account. They outlive every run, because a reply to an abandoned request may still
// give bytes back.

#include "model/budget.h"
#include "pipeline/options.h"

namespace flusso::pipeline {

struct Budgets {
  explicit Budgets(const Options& options)
      : changes("changes", options.change_bytes),
        ids("ids", options.id_count),
        documents("documents", options.document_bytes, options.document_bytes_live_reserve),
        seed_documents("seed documents", options.seed_documents) {}
  ByteBudget changes;
  ByteBudget ids;
  ByteBudget documents;
  // Counts what scans have read ahead of the sinks. More would fill no pipe, only put replies and live changes into a
  // longer queue behind it.
  ByteBudget seed_documents;
};

}  // namespace flusso::pipeline
