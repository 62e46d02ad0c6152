#pragma once
// A table as people name it on a command line: [schema.]table, as in SQL: unquoted parts are folded to lower case.

#include <string_view>
#include <vector>

#include "model/plan.h"
#include "model/result.h"

namespace flusso::cli {

// The table among those that the indexes read. Errors: config.table_unknown with what is near or what there is,
// config.table_ambiguous, config.table_name. Thread: any; pure.
Result<TableRef> find_table(std::string_view given, const std::vector<IndexPlan>& indexes);

}  // namespace flusso::cli
