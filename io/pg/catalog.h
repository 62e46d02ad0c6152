#pragma once
// Asks the system catalog about tables: a fixed number of set-based queries for any number of tables.
// Thread: one per connection.

#include <vector>

#include "io/pg/conn.h"
#include "model/ports/source.h"
#include "model/result.h"
#include "model/table_info.h"

namespace flusso::pg {

// What there is under a name.
struct TableLookup {
  TableInfo info;  // its table is the name asked for, also when there is none
  bool exists = false;
  std::string unsupported;  // "a view": why its changes cannot be followed; empty when they can
};
// One per table asked for, in that order; what is missing is no error.
Result<std::vector<TableLookup>> look_up_tables(Conn& conn, const std::vector<TableRef>& tables);
// The names of the user's tables, views included; at most 5000.
Result<std::vector<TableRef>> all_tables(Conn& conn);

// One per table asked for, in that order. Problems: permanent pg.table_missing, pg.table_kind (views, inheritance
// parents, foreign and temporary tables).
Result<std::vector<TableSurvey>> survey_tables(Conn& conn, const std::vector<TableRef>& tables);
// The same where any problem is an error, all of them in one sentence.
Result<std::vector<TableInfo>> describe_tables(Conn& conn, const std::vector<TableRef>& tables);
Result<std::vector<TableInfo>> without_problems(std::vector<TableSurvey> surveys);

// A publication with publish_via_partition_root sends old rows of a leaf as if they were the root's: where the leaf's
// identity lacks a column of the root's, it stands there as a NULL that means nothing. Only columns of both count.
void trust_root_identity(TableInfo& table);

// Joins findings to one error: kind and code of the first that does not pass by itself, or else of the first; more than
// one are numbered.
Error all_of(std::vector<Error> findings);

}  // namespace flusso::pg
