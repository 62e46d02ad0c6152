#include "model/check/soft_delete.h"

#include <fmt/format.h>

#include "model/check/column_types.h"
#include "model/check/conditions.h"

namespace flusso {

void check_soft_delete(const Site& site, const SoftDelete& rule, const TableFacts& table) {
  check_filters(site, rule.when, table);
  const ColumnInfo* column = find_column(site, table, rule.column, "`soft_delete`");
  if (column == nullptr) return;
  const ValueType type = value_type(*column, *site.facts);
  const bool narrowed = rule.when && !rule.when->empty();
  if ((type.is("bool") && !type.array) || narrowed) return;
  if (column->not_null) {
    site.error(
        fmt::format("`soft_delete` takes a boolean or a nullable column, {} is {} and never NULL, so every row "
                    "would count as deleted; name another column, or say with `when` which values delete",
                    column_text(table, *column), column->type));
    return;
  }
  if (type.is_number() || type.is_text() || type.array || type.is_json())
    site.warning(
        fmt::format("`soft_delete` column {} is {}: any value that is not NULL deletes, also 0, false and the "
                    "empty text; say with `when` which values delete, or name a boolean or timestamp column",
                    column_text(table, *column), column->type));
}

}  // namespace flusso
