#pragma once
// Which columns of which tables a document is made from and found by: those whose change alters documents. Columns that
// stand only in raw SQL are taken from its text, rather too many than too few. Pure. Thread: any.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema/index_schema.h"

namespace flusso {

struct UsedColumns {
  std::set<std::string, std::less<>> names;
  std::vector<std::string> raw;  // SQL that may name any column

  bool contains(std::string_view column) const;
};

// One entry for each of tables_of(schema).
std::map<TableRef, UsedColumns> used_columns(const IndexSchema& schema);

}  // namespace flusso
