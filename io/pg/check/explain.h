#pragma once
// EXPLAIN: lets Postgres read and plan a statement without running it. Thread: one per session.

#include <string>
#include <vector>

#include "io/pg/check/read_only.h"
#include "model/result.h"
#include "model/schema/index_schema.h"

namespace flusso::pg {

// The plan as JSON. `parameters`: how many text arrays the statement binds; it is then planned for any value, as `run`
// plans it. Errors: the server's, as it would refuse the statement itself.
Result<std::string> explain(ReadOnlySession& session, const std::string& sql, std::size_t parameters);

// A table read somewhere in a plan.
struct ScanNode {
  std::string kind;  // "Seq Scan", "Index Scan", …
  TableRef table;
  std::string alias;
  std::string index;            // of an index scan
  std::string index_condition;  // what the index is searched by
  std::string conditions;       // every condition on the rows, those of the joins above included
};
// Pure. Text that is no plan gives no nodes.
std::vector<ScanNode> scans_of(std::string_view plan_json);

}  // namespace flusso::pg
