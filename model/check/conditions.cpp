#include "model/check/conditions.h"

#include <fmt/format.h>

#include "model/check/column_types.h"

namespace flusso {

void check_filters(const Site& site, const Filters& filters, const TableFacts& table) {
  if (!filters) return;
  for (const Filter& filter : *filters) {
    const Site here = site.at_part(site.part, filter.at);
    if (const auto* null = std::get_if<FilterNull>(&filter.condition)) {
      const ColumnInfo* column = find_column(here, table, null->column, "a filter");
      if (column != nullptr && column->not_null)
        here.add(null->is_null ? FindingSeverity::warning : FindingSeverity::note,
                 fmt::format("column {} is never NULL, so the filter `{}` {}; remove it or name another column",
                             column_text(table, *column), null->is_null ? "is_null" : "is_not_null",
                             null->is_null ? "lets no row through" : "lets every row through"));
    }
    if (const auto* compare = std::get_if<FilterCompare>(&filter.condition))
      find_column(here, table, compare->column, "a filter");
  }
}

void check_order(const Site& site, const std::optional<std::vector<OrderBy>>& order, const TableFacts& table) {
  if (!order) return;
  for (const OrderBy& entry : *order) {
    const ColumnInfo* column = find_column(site, table, entry.column, "`order_by`");
    if (column == nullptr) continue;
    const ValueType type = value_type(*column, *site.facts);
    if (type.is("json") || type.is("xml") || type.is("point"))
      site.error(fmt::format("`order_by` names {}, and values of type {} have no order; name another column",
                             column_text(table, *column), column->type));
  }
}

}  // namespace flusso
