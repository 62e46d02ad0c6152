#pragma once
// A look at the first rows of json columns: OpenSearch keeps a json field as an object, and refuses documents where it
// is a scalar or a list of scalars. Thread: one per session.

#include <string>

#include "io/pg/check/read_only.h"
#include "model/check/facts.h"
#include "model/check/finding.h"

namespace flusso::pg {

void check_json_samples(ReadOnlySession& session, const std::string& index, const IndexSchema& schema,
                        const DatabaseFacts& facts, CheckFindings& findings);

}  // namespace flusso::pg
