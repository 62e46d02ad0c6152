#pragma once
// Which columns tell the rows of a table apart. Thread: any; pure.

#include "model/table_info.h"

namespace flusso {

// True when at most one row can hold a value of these columns.
bool is_unique(const TableInfo& table, const KeyColumns& columns);

}  // namespace flusso
