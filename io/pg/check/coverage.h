#pragma once
// Whether the publication streams all tables, whether this role could make it do so, and the SQL for those who have to
// do it by hand. Thread: one per session.

#include <string>
#include <vector>

#include "io/pg/check/read_only.h"
#include "io/pg/publication.h"
#include "model/check/coverage.h"
#include "model/check/facts.h"

namespace flusso::pg {

// `tables`: all that the enabled indexes read, existing or not. `state`: of those that exist.
Result<Coverage> read_coverage(ReadOnlySession& session, const PgSourceOptions& options,
                               const std::vector<TableRef>& tables, const DatabaseFacts& facts,
                               const PublicationState& state);

}  // namespace flusso::pg
