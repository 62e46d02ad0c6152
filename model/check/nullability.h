#pragma once
// `required` promises that a value is never null; the column may break the promise. A warning only: rows are not
// checked, and a nullable column may hold no NULL.

#include "model/check/site.h"

namespace flusso {

// A column of the declared key never gives null: a row without a key has no document.
void check_required(const Site& site, const TableFacts& table, const ColumnInfo& column, const KeyColumns& key);
// A required belongs_to over columns that may be NULL.
void check_required_parent(const Site& site, const JoinField& join, const TableFacts& table);

}  // namespace flusso
