#pragma once
// The whole of `check` against a live database: facts, rules, identities, statements, the publication and the server,
// everything wrong at once. Never writes: one READ ONLY transaction, no slot, no publication.
//
//   facts of all tables → rules per index → what is left without errors is compiled → identities, statements, indexes
//   server, privileges and publication beside it
//
// Thread: any; blocks.

#include <vector>

#include "io/pg/pg_source.h"
#include "model/check/coverage.h"
#include "model/check/finding.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

struct DatabaseCheck {
  CheckFindings findings;  // sorted
  Coverage coverage;
};

// `indexes`: the enabled ones, names and schemas. Errors: those of Conn::connect, and a connection that is lost.
Result<DatabaseCheck> check_database(const PgSourceOptions& options, std::vector<IndexPlan> indexes);

}  // namespace flusso::pg
