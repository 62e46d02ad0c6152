#include "model/check/site.h"

#include <fmt/format.h>

#include "model/check/near_names.h"

namespace flusso {

const TableFacts* find_table(const Site& site, const TableRef& table, std::string_view role) {
  const TableFacts* found = site.facts->find(table);
  if (found == nullptr) {
    site.error(
        fmt::format("{} names table {}, which does not exist{}; correct the name, its `schema`, or create the "
                    "table",
                    role, to_text(table), table_suggestion(table, site.facts->names)));
    return nullptr;
  }
  if (!found->unsupported.empty()) {
    site.error(
        fmt::format("{} names {}, which is {}; name an ordinary table", role, to_text(table), found->unsupported));
    return nullptr;
  }
  return found;
}

const ColumnInfo* find_column(const Site& site, const TableFacts& table, std::string_view column,
                              std::string_view role) {
  if (const ColumnInfo* found = table.info.column(column)) return found;
  std::vector<std::string> names;
  for (const ColumnInfo& candidate : table.info.columns) names.push_back(candidate.name);
  const std::string near = nearest_name(column, names);
  site.error(fmt::format("{} references unknown column {}.{}{}; correct the name or add the column", role,
                         to_text(table.info.table), column, near.empty() ? "" : ", did you mean " + near + "?"));
  return nullptr;
}

std::string column_text(const TableFacts& table, const ColumnInfo& column) {
  return to_text(table.info.table) + "." + column.name;
}

}  // namespace flusso
