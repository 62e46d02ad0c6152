#pragma once
// `variants` of an ordered enum beside the labels of the Postgres enum it reads: a value that is no variant sorts after
// all others.

#include "model/check/column_types.h"
#include "model/check/site.h"

namespace flusso {

void check_variants(const Site& site, const ColumnField& field, const ColumnInfo& column, const ValueType& type);

}  // namespace flusso
