#pragma once
// The rules of keys: what names a document, and what ties a related table to its parent.

#include "model/check/site.h"

namespace flusso {

// The root's `primary_key`: columns, uniqueness, NULLs. Empty key: says which one the table has.
void check_root_key(const Site& site, const KeyColumns& key, const TableFacts& table);

// A row whose key ties related rows to it.
struct KeyedTable {
  const TableFacts* table = nullptr;  // null: it does not exist, which is told elsewhere
  const KeyColumns* key = nullptr;    // declared
};

// False when the related rows cannot be found at all, so that nothing else of the join is worth a look.
bool check_join_keys(const Site& site, const JoinField& join, const KeyedTable& parent, const TableFacts& table);
// The same for aggregates, where the related table's own primary key stands for a declared one.
bool check_aggregate_keys(const Site& site, const AggregateField& aggregate, const KeyedTable& parent,
                          const TableFacts& table);

}  // namespace flusso
