#pragma once
// What the catalog says about a table we read: filled by io/pg/catalog, used to compile the plan, to render SQL
// and to explain what is missing.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/schema/index_schema.h"

namespace flusso {

struct ColumnInfo {
  std::string name;
  std::uint32_t type_oid = 0;
  std::string type;            // format_type(), e.g. "character varying(20)", "integer[]"
  std::uint32_t base_oid = 0;  // domains resolved
  std::string base_type;  // bare name in pg_catalog of the base type: "int4", "timestamptz", "_text"; enums: own name
  char category = 'U';    // pg_type.typcategory of the base type: N, S, D, B, E, A, …
  char kind = 'b';        // pg_type.typtype of the base type: b, e, c, r, …
  bool not_null = false;
  bool generated = false;
  bool collation_deterministic = true;
  bool utf8 = true;            // the database's encoding: a text has as many bytes there as here
  std::uint16_t position = 0;  // attnum
};

struct UniqueIndex {
  std::string name;
  KeyColumns columns;
};

enum class ReplicaIdentity { standard, nothing, full, index };

struct TableInfo {
  std::uint32_t oid = 0;
  TableRef table;
  char kind = 'r';  // pg_class.relkind: r, p (partitioned), v, …
  std::vector<ColumnInfo> columns;
  KeyColumns primary_key;  // catalog primary key, in key order; empty if none
  std::vector<std::vector<std::string>>
      unique_keys;                               // columns of usable (non-partial, immediate, valid) unique indexes
  std::vector<UniqueIndex> identity_candidates;  // of those, the ones over NOT NULL columns only, by name
  ReplicaIdentity identity = ReplicaIdentity::standard;
  KeyColumns identity_columns;  // columns whose old values an UPDATE or DELETE carries, whatever the partition
  std::int64_t pages = 0;       // relpages (a fresh estimate from the file size)
  double rows = 0;              // reltuples, -1 when never analysed
  std::uint32_t filenode = 0;
  // Of a partitioned table, however deep: its rows are replicated under the oid of their leaf and with its identity.
  std::vector<TableInfo> leaves;
  KeyColumns own_identity_columns;  // of a partitioned table itself: what counts when it is published as one table

  const ColumnInfo* column(std::string_view name) const {
    for (const ColumnInfo& info : columns)
      if (info.name == name) return &info;
    return nullptr;
  }
};

}  // namespace flusso
