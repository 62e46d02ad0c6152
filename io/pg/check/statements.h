#pragma once
// Every statement that `run` would generate, planned but not run: what no rule foresaw shows here, and so do the
// indexes that are missing. A statement that fails is taken apart until the field that spoils it is found. Thread: one
// per session.

#include "io/pg/check/lookups.h"
#include "io/pg/check/read_only.h"
#include "model/check/facts.h"
#include "model/check/finding.h"
#include "model/plan.h"

namespace flusso::pg {

// Document statements, seed chunks and reverse lookups of every index of the plan.
void check_statements(ReadOnlySession& session, const Plan& plan, const DatabaseFacts& facts, CheckFindings& findings);

}  // namespace flusso::pg
