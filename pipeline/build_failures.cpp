#include "pipeline/build_failures.h"

#include <utility>

#include "model/log.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kFailuresLog{"build"};

}  // namespace

std::vector<DocFailure> leave_out_failures(DocBatch& batch, const Plan& plan, LiveStatus& status, RunState& run) {
  std::vector<DocFailure> failures = std::exchange(batch.failures, {});
  if (failures.empty()) return failures;
  const IndexPlan& index = plan.indexes[batch.index.value];
  for (const DocFailure& failure : failures) {
    if (index.on_error == FailurePolicy::stop) {
      run.fail(Error{ErrorKind::permanent, failure.error.code,
                     "document " + failure.key + " of index " + index.name + " cannot be built: " + failure.error.what +
                         "; mend the row or the schema, or set on_error = \"skip\" to leave such documents out"});
      return {};
    }
    ++status.documents_quarantined;
    kFailuresLog.warn("document left out, it cannot be built", kv("index", index.name), kv("id", failure.key),
                      kv("code", failure.error.code), kv("reason", failure.error.what));
  }
  return failures;
}

}  // namespace flusso::pipeline
