#pragma once
// TokenSearch over OpenSearch: a terms query on the hidden field flusso_keys over every generation of an index, a
// question per search of one _msearch; an answer too long for one page is read again by a scroll. Ids only.
// Thread: one.

#include <string>
#include <vector>

#include "io/opensearch/cluster.h"
#include "model/ports/token_search.h"

namespace flusso::opensearch {

class OsTokenSearch final : public TokenSearch {
 public:
  OsTokenSearch(Cluster cluster, std::string prefix);

  Status refresh(const IndexPlan& index) override;
  Result<std::vector<std::vector<std::string>>> find(const IndexPlan& index,
                                                     const std::vector<std::vector<std::string>>& questions) override;

 private:
  Result<std::vector<std::string>> scroll(const std::string& target, const std::string& query);
  std::string generations_of(const IndexPlan& index) const;

  Cluster cluster_;
  const std::string prefix_;
};

}  // namespace flusso::opensearch
