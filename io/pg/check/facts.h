#pragma once
// Asks the catalog everything that the rules of model/check want to know about the tables of a deployment. A fixed
// number of questions for any number of tables. Thread: one per session.

#include <vector>

#include "io/pg/check/read_only.h"
#include "model/check/facts.h"
#include "model/result.h"

namespace flusso::pg {

// `tables`: each one once. Errors: those of the server.
Result<DatabaseFacts> read_facts(ReadOnlySession& session, const std::vector<TableRef>& tables);

}  // namespace flusso::pg
