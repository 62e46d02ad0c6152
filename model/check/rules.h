#pragma once
// One schema against the catalog: walks the document and asks every rule of this folder.

#include <string>

#include "model/check/facts.h"
#include "model/check/finding.h"
#include "model/schema/index_schema.h"

namespace flusso {

// Adds what is wrong with the index. Thread: any; pure.
void check_schema(const std::string& index, const IndexSchema& schema, const DatabaseFacts& facts,
                  CheckFindings& findings);

}  // namespace flusso
