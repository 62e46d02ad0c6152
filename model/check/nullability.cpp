#include "model/check/nullability.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/check/sql_text.h"

namespace flusso {
namespace {

std::string not_null(const TableFacts& table, const ColumnInfo& column) {
  return fmt::format("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL;", quoted(table.info.table), quoted(column.name));
}

}  // namespace

void check_required(const Site& site, const TableFacts& table, const ColumnInfo& column, const KeyColumns& key) {
  if (column.not_null || std::find(key.begin(), key.end(), column.name) != key.end()) return;
  site.warning(
      fmt::format("`required: true`, but column {} is nullable, so the document may hold null; say `required: "
                  "false`, give a `default`, or run {}",
                  column_text(table, column), not_null(table, column)));
}

void check_required_parent(const Site& site, const JoinField& join, const TableFacts& table) {
  if (join.verb != JoinVerb::belongs_to || !join.required) return;
  for (const std::string& name : join.key) {
    const ColumnInfo* column = table.info.column(name);
    if (column == nullptr || column->not_null) continue;
    site.warning(
        fmt::format("`required: true`, but column {} is nullable, so the object may be null; say `required: "
                    "false`, or run {}",
                    column_text(table, *column), not_null(table, *column)));
  }
}

}  // namespace flusso
