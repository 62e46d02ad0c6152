#include "io/pg/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "io/pg/quote.h"
#include "model/check/near_names.h"

namespace flusso::pg {
namespace {

constexpr const char* kTables =
    "SELECT w.position, c.oid, c.relkind, c.relpersistence, c.relreplident, c.reltuples, "
    "pg_catalog.pg_relation_filenode(c.oid), pg_catalog.pg_relation_size(c.oid) / 8192, "
    "EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid) "
    "FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (schema_name, table_name, position) "
    "LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) "
    "ON n.nspname = w.schema_name AND c.relname = w.table_name AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
    "ORDER BY w.position";

// A domain is followed to its base type, however deep; an array of a domain to the array of its base type.
constexpr const char* kColumns =
    "WITH RECURSIVE base AS ("
    "  SELECT t.oid AS type, t.oid AS base, false AS not_null FROM pg_catalog.pg_type t WHERE t.typtype <> 'd' "
    "  UNION ALL "
    "  SELECT t.oid, b.base, t.typnotnull OR b.not_null FROM pg_catalog.pg_type t JOIN base b ON t.typbasetype = "
    "b.type "
    "  WHERE t.typtype = 'd') "
    "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod), "
    "coalesce(l.array_type, t.oid), coalesce(l.array_name, t.typname), t.typcategory, t.typtype, a.attnotnull OR "
    "b.not_null, a.attgenerated <> '', "
    "coalesce(o.collisdeterministic, true), pg_catalog.getdatabaseencoding() = 'UTF8' "
    "FROM pg_catalog.pg_attribute a JOIN base b ON b.type = a.atttypid JOIN pg_catalog.pg_type t ON t.oid = b.base "
    "LEFT JOIN LATERAL (SELECT y.oid AS array_type, y.typname AS array_name FROM pg_catalog.pg_type d JOIN base e ON "
    "e.type = d.oid JOIN pg_catalog.pg_type f ON f.oid = e.base JOIN pg_catalog.pg_type y ON y.oid = f.typarray "
    "WHERE t.typcategory = 'A' AND d.oid = t.typelem AND d.typtype = 'd') l ON true "
    "LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation "
    "WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum";

// One row per key column of every index that tells rows apart.
constexpr const char* kIndexes =
    "SELECT i.indrelid, i.indexrelid, i.indisprimary, i.indisreplident, i.indimmediate, a.attname, c.relname, "
    "a.attnotnull FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid, "
    "pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, position), "
    "pg_catalog.pg_attribute a "
    "WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS "
    "NULL "
    "AND k.position <= i.indnkeyatts AND a.attrelid = i.indrelid AND a.attnum = k.number "
    "ORDER BY i.indrelid, i.indisprimary DESC, i.indexrelid, k.position";

constexpr const char* kNames =
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> "
    "'information_schema' "
    "ORDER BY 1, 2 LIMIT 5000";

char letter(const Rows& rows, int row, int column) {
  const std::string_view text = rows.text(row, column);
  return text.empty() ? '\0' : text.front();
}

// Why changes of such a table cannot be followed; empty when they can.
std::string unsupported(const TableInfo& info, char persistence, bool has_children) {
  if (info.kind == 'v') return "a view";
  if (info.kind == 'm') return "a materialized view";
  if (info.kind == 'f') return "a foreign table";
  if (info.kind == 'p') return "a partitioned table";
  if (has_children) return "the parent of other tables by inheritance";
  if (persistence == 'u') return "an unlogged table";
  return persistence == 'p' ? "" : "a temporary table";
}

Error unsupported_error(const TableInfo& info, const std::string& what) {
  const bool not_logged = info.kind == 'r' && (what.starts_with("an unlogged") || what.starts_with("a temporary"));
  return Error{
      ErrorKind::permanent, "pg.table_kind",
      not_logged
          ? fmt::format("{} is {}, and changes of such tables are not replicated", to_text(info.table), what)
          : fmt::format("{} is {}, which is not supported yet: name an ordinary table", to_text(info.table), what)};
}

ReplicaIdentity identity_of(char letter_of_identity) {
  switch (letter_of_identity) {
    case 'n':
      return ReplicaIdentity::nothing;
    case 'f':
      return ReplicaIdentity::full;
    case 'i':
      return ReplicaIdentity::index;
    default:
      return ReplicaIdentity::standard;
  }
}

using ByOid = std::unordered_map<std::uint32_t, std::vector<TableInfo*>>;

std::uint32_t oid_at(const Rows& rows, int row, int column) {
  return static_cast<std::uint32_t>(rows.unsigned_integer(row, column));
}

void take_columns(const Rows& rows, ByOid& tables) {
  for (int row = 0; row < rows.size(); ++row) {
    ColumnInfo column;
    column.position = static_cast<std::uint16_t>(rows.integer(row, 1));
    column.name = rows.string(row, 2);
    column.type_oid = oid_at(rows, row, 3);
    column.type = rows.string(row, 4);
    column.base_oid = oid_at(rows, row, 5);
    column.base_type = rows.string(row, 6);
    column.category = letter(rows, row, 7);
    column.kind = letter(rows, row, 8);
    column.not_null = rows.boolean(row, 9);
    column.generated = rows.boolean(row, 10);
    column.collation_deterministic = rows.boolean(row, 11);
    column.utf8 = rows.boolean(row, 12);
    for (TableInfo* table : tables[oid_at(rows, row, 0)]) table->columns.push_back(column);
  }
}

void take_indexes(const Rows& rows, ByOid& tables) {
  for (int row = 0; row < rows.size();) {
    const std::uint32_t index = oid_at(rows, row, 1);
    const int first = row;
    KeyColumns columns;
    bool not_null = true;
    for (; row < rows.size() && oid_at(rows, row, 1) == index; ++row) {
      columns.push_back(rows.string(row, 5));
      not_null = not_null && rows.boolean(row, 7);
    }
    const bool primary = rows.boolean(first, 2), identity = rows.boolean(first, 3), immediate = rows.boolean(first, 4);
    for (TableInfo* table : tables[oid_at(rows, first, 0)]) {
      if (primary) table->primary_key = columns;
      if (immediate) table->unique_keys.push_back(columns);
      if (immediate && not_null) table->identity_candidates.push_back({rows.string(first, 6), columns});
      // A deferrable primary key does not serve as replica identity.
      if (primary && immediate && table->identity == ReplicaIdentity::standard) table->identity_columns = columns;
      if (identity && table->identity == ReplicaIdentity::index) table->identity_columns = columns;
    }
  }
}

}  // namespace

Error all_of(std::vector<Error> findings) {
  if (findings.size() == 1) return std::move(findings.front());
  Error all = findings.front();
  all.what = fmt::format("{} things need attention:", findings.size());
  for (std::size_t i = 0; i < findings.size(); ++i)
    all.what += fmt::format(" ({}) {}{}", i + 1, findings[i].what, i + 1 < findings.size() ? ";" : "");
  return all;
}

Result<std::vector<TableLookup>> look_up_tables(Conn& conn, const std::vector<TableRef>& tables) {
  std::vector<std::string> schemas, names;
  for (const TableRef& table : tables) {
    schemas.push_back(table.schema);
    names.push_back(table.name);
  }
  FLUSSO_TRY_ASSIGN(const Rows found, conn.exec_params(kTables, {array_text(schemas), array_text(names)}));
  std::vector<TableLookup> lookups(tables.size());
  ByOid by_oid;
  std::vector<std::string> oids;
  for (int row = 0; row < found.size(); ++row) {
    const auto position = static_cast<std::size_t>(found.integer(row, 0)) - 1;
    if (position >= lookups.size()) continue;
    TableLookup& lookup = lookups[position];
    TableInfo& info = lookup.info;
    info.table = tables[position];
    lookup.exists = !found.is_null(row, 1);
    if (!lookup.exists) continue;
    info.oid = oid_at(found, row, 1);
    info.kind = letter(found, row, 2);
    info.identity = identity_of(letter(found, row, 4));
    info.rows = found.number(row, 5);
    info.filenode = oid_at(found, row, 6);
    info.pages = found.integer(row, 7);
    lookup.unsupported = unsupported(info, letter(found, row, 3), found.boolean(row, 8));
    by_oid[info.oid].push_back(&info);
    oids.push_back(found.string(row, 1));
  }
  const Params bound{array_text(oids)};
  FLUSSO_TRY_ASSIGN(const Rows columns, conn.exec_params(kColumns, bound));
  take_columns(columns, by_oid);
  FLUSSO_TRY_ASSIGN(const Rows indexes, conn.exec_params(kIndexes, bound));
  take_indexes(indexes, by_oid);
  for (TableLookup& lookup : lookups) {
    if (lookup.info.identity != ReplicaIdentity::full) continue;
    for (const ColumnInfo& column : lookup.info.columns)
      if (!column.generated) lookup.info.identity_columns.push_back(column.name);
  }
  return lookups;
}

Result<std::vector<TableRef>> all_tables(Conn& conn) {
  FLUSSO_TRY_ASSIGN(const Rows rows, conn.exec(kNames));
  std::vector<TableRef> tables;
  for (int row = 0; row < rows.size(); ++row) tables.push_back({rows.string(row, 0), rows.string(row, 1)});
  return tables;
}

Result<std::vector<TableInfo>> describe_tables(Conn& conn, const std::vector<TableRef>& tables) {
  FLUSSO_TRY_ASSIGN(std::vector<TableLookup> lookups, look_up_tables(conn, tables));
  std::vector<TableInfo> infos;
  std::vector<Error> findings;
  std::vector<TableRef> missing;
  for (TableLookup& lookup : lookups) {
    const TableRef& table = lookup.info.table;
    if (!lookup.exists) {
      if (std::find(missing.begin(), missing.end(), table) == missing.end()) missing.push_back(table);
    } else if (!lookup.unsupported.empty()) {
      findings.push_back(unsupported_error(lookup.info, lookup.unsupported));
    }
    infos.push_back(std::move(lookup.info));
  }
  if (!missing.empty()) {
    FLUSSO_TRY_ASSIGN(const std::vector<TableRef> existing, all_tables(conn));
    for (const TableRef& table : missing) {
      findings.push_back(Error{ErrorKind::permanent, "pg.table_missing",
                               fmt::format("table {} does not exist on {}{}", to_text(table), conn.target(),
                                           table_suggestion(table, existing))});
    }
  }
  if (!findings.empty()) return fail(all_of(std::move(findings)));
  return infos;
}

}  // namespace flusso::pg
