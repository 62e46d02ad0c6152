#pragma once
// What the catalog says about the tables of a plan, as far as a change of it can alter documents or hide changes
// without one row event (design 6-j): ALTER … TYPE … USING rewrites every row silently, a table taken out of the
// publication and back loses what happened between, a partition with rows comes and goes as a whole. Filled by
// io/pg/catalog_watch, kept next to what it speaks of, compared here. Pure data; thread: any.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "model/plan.h"

namespace flusso {

// A row of the catalog by the transaction that wrote it: the same one, untouched.
using RowVersion = std::uint32_t;  // xmin

struct ColumnState {
  std::uint16_t number = 0;  // attnum: never used again
  std::uint32_t type = 0;
  bool generated = false;
  RowVersion version = 0;
  bool operator==(const ColumnState&) const = default;
};

// A partition at any level, not the table itself.
struct PartitionState {
  std::uint32_t filenode = 0;      // 0: it has partitions itself
  RowVersion attached = 0;         // its place in the tree
  bool made_as_partition = false;  // by CREATE TABLE … PARTITION OF: it had no row that was not published
  bool operator==(const PartitionState&) const = default;
};

struct TableState {
  std::uint32_t oid = 0;
  std::uint32_t filenode = 0;
  std::map<std::string, ColumnState> columns;          // every column, by name
  KeyColumns identity;                                 // what every old row carries
  std::map<std::uint32_t, PartitionState> partitions;  // by oid
  std::set<std::string> memberships;  // rows that make it part of the publication, "oid:xmin"; never empty while it is
  bool operator==(const TableState&) const = default;
};

struct CatalogState {
  std::string publication;  // "oid:xmin" of its row; empty while there is none
  std::map<TableRef, TableState> tables;
  bool operator==(const CatalogState&) const = default;
};

// Why an index of the plan may lack something that no change will repair, given what the catalog said when it was last
// known to be complete; absent when nothing of it concerns the index. Harmless: columns that it does not use, new empty
// partitions, a wider identity, statistics, defaults and constraints.
std::optional<std::string> debt_of(const IndexPlan& index, const Plan& plan, const CatalogState& before,
                                   const CatalogState& now);

}  // namespace flusso
