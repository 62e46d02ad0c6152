#include "io/pg/check/facts.h"

#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "io/pg/catalog.h"
#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

constexpr const char* kAccess =
    "SELECT c.oid, pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE'), "
    "pg_catalog.has_table_privilege(c.oid, 'SELECT'), pg_catalog.row_security_active(c.oid) "
    "FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[])";

// Indexes that find rows by equality. The first expression ends what is known of one.
constexpr const char* kIndexFactsSql =
    "SELECT i.indrelid, c.relname, a.attname FROM pg_catalog.pg_index i "
    "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname IN ('btree', 'hash') "
    "CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, position) "
    "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number > 0 "
    "WHERE i.indrelid = ANY ($1::oid[]) AND i.indisvalid AND i.indpred IS NULL AND k.position <= i.indnkeyatts "
    "ORDER BY i.indrelid, c.relname, k.position";

// The element of an array type; a domain is followed to its base type.
constexpr const char* kElements =
    "WITH RECURSIVE base AS ("
    "  SELECT t.oid AS list, e.oid AS type, e.typtype AS kind, e.typbasetype AS below FROM pg_catalog.pg_type t "
    "  JOIN pg_catalog.pg_type e ON e.oid = t.typelem WHERE t.oid = ANY ($1::oid[]) "
    "  UNION ALL "
    "  SELECT b.list, e.oid, e.typtype, e.typbasetype FROM base b JOIN pg_catalog.pg_type e ON e.oid = b.below "
    "  WHERE b.kind = 'd') "
    "SELECT b.list, t.oid, t.typname, t.typcategory, t.typtype FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type "
    "WHERE b.kind <> 'd'";

constexpr const char* kLabels =
    "SELECT enumtypid, enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = ANY ($1::oid[]) "
    "ORDER BY enumtypid, enumsortorder";

using Oids = std::set<std::uint32_t>;

std::string array_of(const Oids& oids) {
  std::vector<std::string> texts;
  for (const std::uint32_t oid : oids) texts.push_back(std::to_string(oid));
  return array_text(texts);
}

Status read_access(ReadOnlySession& session, const std::string& oids, DatabaseFacts& facts) {
  FLUSSO_TRY_ASSIGN(const Rows rows, session.ask(kAccess, {oids}));
  for (int row = 0; row < rows.size(); ++row) {
    for (TableFacts& table : facts.tables) {
      if (table.info.oid != rows.oid(row, 0)) continue;
      table.schema_usable = rows.boolean(row, 1);
      table.readable = rows.boolean(row, 2);
      table.rows_hidden = rows.boolean(row, 3);
    }
  }
  return {};
}

Status read_indexes(ReadOnlySession& session, const std::string& oids, DatabaseFacts& facts) {
  FLUSSO_TRY_ASSIGN(const Rows rows, session.ask(kIndexFactsSql, {oids}));
  for (TableFacts& table : facts.tables) {
    bool ended = false;
    for (int row = 0; row < rows.size(); ++row) {
      if (rows.oid(row, 0) != table.info.oid) continue;
      if (table.indexes.empty() || table.indexes.back().name != rows.text(row, 1)) {
        table.indexes.push_back({rows.string(row, 1), {}});
        ended = false;
      }
      ended = ended || rows.is_null(row, 2);
      if (!ended) table.indexes.back().columns.push_back(rows.string(row, 2));
    }
  }
  return {};
}

Status read_types(ReadOnlySession& session, DatabaseFacts& facts) {
  Oids arrays;
  Oids enums;
  for (const TableFacts& table : facts.tables) {
    for (const ColumnInfo& column : table.info.columns) {
      if (column.category == 'A') arrays.insert(column.base_oid);
      if (column.kind == 'e') enums.insert(column.base_oid);
    }
  }
  FLUSSO_TRY_ASSIGN(const Rows elements, session.ask(kElements, {array_of(arrays)}));
  for (int row = 0; row < elements.size(); ++row) {
    const ElementFacts element{elements.oid(row, 1), elements.string(row, 2), elements.letter(row, 3),
                               elements.letter(row, 4)};
    if (element.kind == 'e') enums.insert(element.oid);
    facts.elements.emplace(elements.oid(row, 0), element);
  }
  FLUSSO_TRY_ASSIGN(const Rows labels, session.ask(kLabels, {array_of(enums)}));
  for (int row = 0; row < labels.size(); ++row) facts.enum_labels[labels.oid(row, 0)].push_back(labels.string(row, 1));
  return {};
}

}  // namespace

Result<DatabaseFacts> read_facts(ReadOnlySession& session, const std::vector<TableRef>& tables) {
  DatabaseFacts facts;
  FLUSSO_TRY_ASSIGN(const Rows role, session.ask("SELECT current_user"));
  facts.role = role.string(0, 0);
  FLUSSO_TRY_ASSIGN(std::vector<TableLookup> lookups, look_up_tables(session.conn(), tables));
  bool missing = false;
  Oids oids;
  for (TableLookup& lookup : lookups) {
    if (!lookup.exists) {
      missing = true;
      continue;
    }
    oids.insert(lookup.info.oid);
    TableFacts table;
    table.info = std::move(lookup.info);
    table.unsupported = std::move(lookup.unsupported);
    facts.tables.push_back(std::move(table));
  }
  if (missing) {
    FLUSSO_TRY_ASSIGN(facts.names, all_tables(session.conn()));
  }
  const std::string all = array_of(oids);
  FLUSSO_TRY(read_access(session, all, facts));
  FLUSSO_TRY(read_indexes(session, all, facts));
  FLUSSO_TRY(read_types(session, facts));
  return facts;
}

}  // namespace flusso::pg
