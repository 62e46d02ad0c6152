#include "model/check/transforms.h"

#include <fmt/format.h>

namespace flusso {

void check_transforms(const Site& site, const ColumnField& field, const TableFacts& table, const ColumnInfo& column,
                      const ValueType& type) {
  if (field.transforms.empty() || type.is_text()) return;
  site.error(
      fmt::format("`transforms` work on text, column {} is {}: its value would become a string; remove "
                  "`transforms`",
                  column_text(table, column), column.type));
}

}  // namespace flusso
