#pragma once
// Asks a sink which documents hold rows of traced tables (model/row_token.h). Beside BulkWriter and IndexAdmin because
// its thread is another one: pipeline/look_back.
// Thread: one; every call blocks, and repeats nothing by itself.

#include <string>
#include <vector>

#include "model/plan.h"
#include "model/result.h"

namespace flusso {

class TokenSearch {
 public:
  virtual ~TokenSearch() = default;
  // Makes everything written to the index so far visible to find(). Errors: transient when the sink is away.
  virtual Status refresh(const IndexPlan& index) = 0;
  // For each question, a list of tokens: the ids of the documents that carry one of them in any generation of the
  // index, each once. Errors: as refresh.
  virtual Result<std::vector<std::vector<std::string>>> find(
      const IndexPlan& index, const std::vector<std::vector<std::string>>& questions) = 0;
};

}  // namespace flusso
