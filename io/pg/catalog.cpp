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
    "pg_catalog.pg_relation_filenode(c.oid), c.relpages, "
    "EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid) "
    "FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (schema_name, table_name, position) "
    "LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) "
    "ON n.nspname = w.schema_name AND c.relname = w.table_name AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
    "ORDER BY w.position";

// The leaves of partitioned tables, without locking any of them. Whoever is being detached is no partition any more.
constexpr const char* kLeaves =
    "WITH RECURSIVE tree AS ("
    "  SELECT i.inhparent AS root, i.inhrelid AS member FROM pg_catalog.pg_inherits i "
    "  WHERE i.inhparent = ANY ($1::oid[]) AND NOT i.inhdetachpending "
    "  UNION ALL "
    "  SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.member "
    "  WHERE NOT i.inhdetachpending) "
    "SELECT t.root, c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident "
    "FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.member "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 'p' "
    "ORDER BY t.root, n.nspname, c.relname";

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

// Why changes of such a table cannot be followed; empty when they can.
std::string unsupported(const TableInfo& info, char persistence, bool has_children) {
  if (info.kind == 'v') return "a view";
  if (info.kind == 'm') return "a materialized view";
  if (info.kind == 'f') return "a foreign table";
  for (const TableInfo& leaf : info.leaves)
    if (leaf.kind == 'f')
      return fmt::format("a partitioned table whose partition {} is a foreign table", to_text(leaf.table));
  if (info.kind == 'r' && has_children) return "the parent of other tables by inheritance";
  if (persistence == 'u') return "an unlogged table";
  return persistence == 'p' ? "" : "a temporary table";
}

// The same for a partition that is none of the above.
std::string unsupported_leaf(const TableInfo& leaf, char persistence) {
  if (leaf.kind != 'r' || persistence == 'p') return {};
  return fmt::format("a partitioned table whose partition {} is {}", to_text(leaf.table),
                     persistence == 'u' ? "an unlogged table" : "a temporary table");
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

// What every identity of a list carries, in the order of the first.
KeyColumns common(KeyColumns columns, const KeyColumns& others) {
  std::erase_if(columns,
                [&](const std::string& name) { return std::find(others.begin(), others.end(), name) == others.end(); });
  return columns;
}

// A table with all its leaves in place, whose addresses then stay.
Status take_leaves(Conn& conn, std::vector<TableLookup>& lookups) {
  std::unordered_map<std::uint32_t, std::vector<TableLookup*>> roots;
  std::vector<std::string> oids;
  for (TableLookup& lookup : lookups) {
    if (lookup.info.kind != 'p' || !lookup.exists) continue;
    roots[lookup.info.oid].push_back(&lookup);
    oids.push_back(fmt::format("{}", lookup.info.oid));
  }
  if (roots.empty()) return {};
  FLUSSO_TRY_ASSIGN(const Rows rows, conn.exec_params(kLeaves, {array_text(oids)}));
  for (int row = 0; row < rows.size(); ++row) {
    TableInfo leaf;
    leaf.oid = rows.oid(row, 1);
    leaf.table = {rows.string(row, 2), rows.string(row, 3)};
    leaf.kind = rows.letter(row, 4);
    leaf.identity = identity_of(rows.letter(row, 6));
    for (TableLookup* root : roots[rows.oid(row, 0)]) {
      if (root->unsupported.empty()) root->unsupported = unsupported_leaf(leaf, rows.letter(row, 5));
      root->info.leaves.push_back(leaf);
    }
  }
  return {};
}

// After columns and indexes. Up to 17 a generated column is in no row of the stream.
void settle_identity(TableInfo& info, bool sends_generated) {
  if (info.identity == ReplicaIdentity::full)
    for (const ColumnInfo& column : info.columns) info.identity_columns.push_back(column.name);
  std::erase_if(info.identity_columns, [&](const std::string& name) {
    const ColumnInfo* column = info.column(name);
    return column != nullptr && column->generated && (!sends_generated || info.identity == ReplicaIdentity::full);
  });
  if (info.kind != 'p') return;
  // A partition that comes later starts with its primary key, which is this table's.
  info.own_identity_columns = info.identity_columns;
  for (TableInfo& leaf : info.leaves) settle_identity(leaf, sends_generated);
  if (info.leaves.empty()) return;
  info.identity_columns = info.leaves.front().identity_columns;
  for (const TableInfo& leaf : info.leaves)
    info.identity_columns = common(std::move(info.identity_columns), leaf.identity_columns);
}

void take_columns(const Rows& rows, ByOid& tables) {
  for (int row = 0; row < rows.size(); ++row) {
    ColumnInfo column;
    column.position = static_cast<std::uint16_t>(rows.integer(row, 1));
    column.name = rows.string(row, 2);
    column.type_oid = rows.oid(row, 3);
    column.type = rows.string(row, 4);
    column.base_oid = rows.oid(row, 5);
    column.base_type = rows.string(row, 6);
    column.category = rows.letter(row, 7);
    column.kind = rows.letter(row, 8);
    column.not_null = rows.boolean(row, 9);
    column.generated = rows.boolean(row, 10);
    column.collation_deterministic = rows.boolean(row, 11);
    column.utf8 = rows.boolean(row, 12);
    for (TableInfo* table : tables[rows.oid(row, 0)]) table->columns.push_back(column);
  }
}

void take_indexes(const Rows& rows, ByOid& tables) {
  for (int row = 0; row < rows.size();) {
    const std::uint32_t index = rows.oid(row, 1);
    const int first = row;
    KeyColumns columns;
    bool not_null = true;
    for (; row < rows.size() && rows.oid(row, 1) == index; ++row) {
      columns.push_back(rows.string(row, 5));
      not_null = not_null && rows.boolean(row, 7);
    }
    const bool primary = rows.boolean(first, 2), identity = rows.boolean(first, 3), immediate = rows.boolean(first, 4);
    for (TableInfo* table : tables[rows.oid(first, 0)]) {
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
  const auto lasting = std::find_if(findings.begin(), findings.end(),
                                    [](const Error& finding) { return finding.kind != ErrorKind::transient; });
  Error all = lasting == findings.end() ? findings.front() : *lasting;
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
  std::vector<std::pair<char, bool>> traits(tables.size());  // persistence, and whether other tables inherit from it
  for (int row = 0; row < found.size(); ++row) {
    const auto position = static_cast<std::size_t>(found.integer(row, 0)) - 1;
    if (position >= lookups.size()) continue;
    TableLookup& lookup = lookups[position];
    TableInfo& info = lookup.info;
    info.table = tables[position];
    lookup.exists = !found.is_null(row, 1);
    if (!lookup.exists) continue;
    info.oid = found.oid(row, 1);
    info.kind = found.letter(row, 2);
    info.identity = identity_of(found.letter(row, 4));
    info.rows = found.number(row, 5);
    info.filenode = found.oid(row, 6);
    info.pages = found.integer(row, 7);
    traits[position] = {found.letter(row, 3), found.boolean(row, 8)};
  }
  FLUSSO_TRY(take_leaves(conn, lookups));
  ByOid by_oid;
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    TableLookup& lookup = lookups[i];
    if (!lookup.exists) continue;
    const auto [persistence, has_children] = traits[i];
    if (std::string why = unsupported(lookup.info, persistence, has_children); !why.empty())
      lookup.unsupported = std::move(why);
    by_oid[lookup.info.oid].push_back(&lookup.info);
    for (TableInfo& leaf : lookup.info.leaves) by_oid[leaf.oid].push_back(&leaf);
  }
  std::vector<std::string> oids;
  for (const auto& [oid, infos] : by_oid) oids.push_back(fmt::format("{}", oid));
  const Params bound{array_text(oids)};
  FLUSSO_TRY_ASSIGN(const Rows columns, conn.exec_params(kColumns, bound));
  take_columns(columns, by_oid);
  FLUSSO_TRY_ASSIGN(const Rows indexes, conn.exec_params(kIndexes, bound));
  take_indexes(indexes, by_oid);
  for (TableLookup& lookup : lookups) settle_identity(lookup.info, conn.server_version() >= 180000);
  return lookups;
}

Result<std::vector<TableRef>> all_tables(Conn& conn) {
  FLUSSO_TRY_ASSIGN(const Rows rows, conn.exec(kNames));
  std::vector<TableRef> tables;
  for (int row = 0; row < rows.size(); ++row) tables.push_back({rows.string(row, 0), rows.string(row, 1)});
  return tables;
}

Result<std::vector<TableSurvey>> survey_tables(Conn& conn, const std::vector<TableRef>& tables) {
  FLUSSO_TRY_ASSIGN(std::vector<TableLookup> lookups, look_up_tables(conn, tables));
  std::vector<TableSurvey> surveys;
  std::vector<TableRef> existing;
  if (std::any_of(lookups.begin(), lookups.end(), [](const TableLookup& lookup) { return !lookup.exists; })) {
    FLUSSO_TRY_ASSIGN(existing, all_tables(conn));
  }
  for (TableLookup& lookup : lookups) {
    TableSurvey survey{std::move(lookup.info), {}};
    const TableRef& table = survey.info.table;
    if (!lookup.exists)
      survey.problem = Error{ErrorKind::permanent, "pg.table_missing",
                             fmt::format("table {} does not exist on {}{}", to_text(table), conn.target(),
                                         table_suggestion(table, existing))};
    else if (!lookup.unsupported.empty())
      survey.problem = unsupported_error(survey.info, lookup.unsupported);
    surveys.push_back(std::move(survey));
  }
  return surveys;
}

Result<std::vector<TableInfo>> without_problems(std::vector<TableSurvey> surveys) {
  std::vector<TableInfo> infos;
  std::vector<Error> findings;
  for (TableSurvey& survey : surveys) {
    const auto same = [&](const Error& known) { return survey.problem && known.what == survey.problem->what; };
    if (survey.problem && std::none_of(findings.begin(), findings.end(), same))
      findings.push_back(std::move(*survey.problem));
    infos.push_back(std::move(survey.info));
  }
  if (!findings.empty()) return fail(all_of(std::move(findings)));
  return infos;
}

Result<std::vector<TableInfo>> describe_tables(Conn& conn, const std::vector<TableRef>& tables) {
  FLUSSO_TRY_ASSIGN(std::vector<TableSurvey> surveys, survey_tables(conn, tables));
  return without_problems(std::move(surveys));
}

void trust_root_identity(TableInfo& table) {
  if (table.kind == 'p') table.identity_columns = common(std::move(table.identity_columns), table.own_identity_columns);
}

}  // namespace flusso::pg
