#pragma once
// `lowercase` and `trim` are for texts: of anything else they would make one.

#include "model/check/column_types.h"
#include "model/check/site.h"

namespace flusso {

void check_transforms(const Site& site, const ColumnField& field, const TableFacts& table, const ColumnInfo& column,
                      const ValueType& type);

}  // namespace flusso
