#pragma once
// What the role may not see: schemas, tables and rows.

#include "model/check/site.h"

namespace flusso {

// One finding per table and reason, where the table is named first.
void check_access(const Site& site, const TableFacts& table);

}  // namespace flusso
