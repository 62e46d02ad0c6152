#pragma once
// How a row names its document in SQL (the counterpart of model/row_key.h) and how rows are found by keys.
// Key text: the column's text output, booleans as true/false, char(n) with its blanks; composite parts escaped and
// joined by ':'. A row with a NULL part has no document. Thread: any; pure.

#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"
#include "model/schema/index_schema.h"
#include "model/table_info.h"

namespace flusso::pg {

// The key text of the row called `alias`, as an expression of type text. Errors: config.column_missing.
Result<std::string> key_text(const TableInfo& table, const KeyColumns& columns, std::string_view alias);
// Conditions that exclude rows whose key has a NULL part; empty when the catalog rules it out.
Result<std::string> key_present(const TableInfo& table, const KeyColumns& columns, std::string_view alias);
// "a.x = b.y AND …"; both lists have the same length. Errors: config.key_length.
Result<std::string> keys_equal(std::string_view left, const KeyColumns& left_columns, std::string_view right,
                               const KeyColumns& right_columns);

// Rows whose columns equal one of the keys bound as text arrays, one array per column.
struct KeyLookup {
  std::string join;       // " JOIN unnest(…) AS …" for composite keys, else empty
  std::string condition;  // "alias.x = ANY($1::int8[])", else empty
};
KeyLookup key_lookup(std::string_view alias, const KeyColumns& columns, const std::vector<std::string>& types);

}  // namespace flusso::pg
