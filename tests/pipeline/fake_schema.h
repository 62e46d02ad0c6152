#pragma once
// The schema of the fake database as the catalog and the configuration would tell it. Thread: any; pure.

#include <optional>
#include <string>
#include <vector>

#include "model/plan.h"
#include "tests/pipeline/fake_database.h"

namespace flusso::fakes {

std::string_view index_name(Document which);
Document document_of(const IndexPlan& index);
Table table_of(const TableRef& table);
// The configured indexes, before compile_plan.
std::vector<IndexPlan> index_plans(const std::vector<Document>& which, FailurePolicy on_error = FailurePolicy::skip);
// What old tuples carry: the foreign key too, or the row's own key alone.
enum class OldRows : std::uint8_t { name_parents, silent };
std::vector<TableInfo> table_infos(OldRows old_rows);
// A tuple as replication sends it, aligned with the plan's columns; `identity_only`: an old tuple. Absent = not sent.
enum class Tuple { whole, identity_only };
std::vector<std::optional<std::string>> fields_of(const TablePlan& table, const Row& row, Tuple tuple);

}  // namespace flusso::fakes
