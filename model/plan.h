#pragma once
// The compiled plan of one run: the indexes to keep, the tables whose changes matter, which columns of a change are
// looked at, and how a changed row leads to document keys. Pure data, compiled once per run from schemas + catalog.
//
// A changed row of table T yields for each Link values of some of its columns, from the old tuple and the new one:
//   direct  the values are the document key itself (root rows; foreign keys whose type equals the root key's)
//   lookup  the values start a LookupPath: a chain of hops, each "SELECT DISTINCT out FROM table WHERE match =
//   ANY(values)"
// Where the replica identity does not carry those columns, the old tuple says nothing: the table is traced, and every
// document carries a token per row of it (model/row_token.h), by which its old document is found (design 6-h).

#include <optional>
#include <string>
#include <vector>

#include "model/config/config.h"
#include "model/ids.h"
#include "model/mapping/mapping.h"
#include "model/result.h"
#include "model/schema/index_schema.h"
#include "model/table_info.h"

namespace flusso {

struct Hop {
  TableRef table;
  KeyColumns match;
  KeyColumns output;
};

struct LookupPath {
  IndexId index;
  std::string name;                      // dotted relation path for logs, e.g. "orders.items.product"
  std::vector<std::string> start_types;  // format_type of the starting columns
  std::vector<Hop> hops;                 // at least one; the last outputs the root's key
};

struct Link {
  IndexId index;
  enum class Kind { direct, lookup } kind = Kind::direct;
  std::vector<std::uint16_t> columns;  // positions in TablePlan::columns
  PathId path;                         // kind lookup
  bool in_identity = true;             // the replica identity carries the columns: no old tuple means unchanged
  // Where a new tuple leaves out an unchanged, TOASTed column: the row's own key starts this path.
  std::optional<PathId> by_row;
};

struct TablePlan {
  TableInfo info;
  std::vector<std::string> columns;  // the columns of a change that are looked at
  std::vector<Link> links;
  std::vector<IndexId> traced_by;      // indexes whose documents carry a token per row of this table
  std::vector<std::uint16_t> row_key;  // positions in `columns` of the replica identity's columns, in table order
};

// A table of an index whose rows have a token in every document that holds them.
struct TracedTable {
  TableRef table;
  KeyColumns key;  // the columns of its replica identity, in table order
  bool operator==(const TracedTable&) const = default;
};

struct IndexPlan {
  std::string name;
  IndexSchema schema;
  IndexMapping mapping;
  FailurePolicy on_error = FailurePolicy::stop;
  std::vector<TableRef> tables;  // root first, then every related and junction table once
  bool flat = true;              // no relation at all: scanned by ctid ranges
  std::vector<TracedTable> traced;
};

struct Plan {
  std::vector<IndexPlan> indexes;  // by IndexId
  std::vector<TablePlan> tables;   // by TableId
  std::vector<LookupPath> paths;   // by PathId

  const TablePlan* find(const TableRef& table) const {
    for (const TablePlan& plan : tables)
      if (plan.info.table == table) return &plan;
    return nullptr;
  }
};

// "schema.table(column,column)" of each traced table: two plans whose texts are equal write the same tokens.
std::vector<std::string> traced_tables(const IndexPlan& index);

// Every table that the index reads: root first, related and junction tables once each, in schema order.
std::vector<TableRef> tables_of(const IndexSchema& schema);

// Compiles the plan. `infos` must hold every table of every index, else error config.table_missing; unknown key columns
// are config.column_missing. Thread: any; pure.
Result<Plan> compile_plan(std::vector<IndexPlan> indexes, const std::vector<TableInfo>& infos);

}  // namespace flusso
