#pragma once
// Filters that only Postgres can judge: each one is planned by itself, so that an operand that its column's type cannot
// read, or raw SQL that does not parse, is told at the filter. Thread: one per session.

#include <string>

#include "io/pg/check/read_only.h"
#include "model/check/facts.h"
#include "model/check/finding.h"

namespace flusso::pg {

// Filters whose column or table is already known to be wrong are skipped.
void check_filter_values(ReadOnlySession& session, const std::string& index, const IndexSchema& schema,
                         const DatabaseFacts& facts, CheckFindings& findings);

}  // namespace flusso::pg
