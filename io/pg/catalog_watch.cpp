#include "io/pg/catalog_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "io/pg/catalog.h"
#include "io/pg/publication.h"
#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

constexpr Millis kPatience{10000};

constexpr const char* kFilesSql =
    "SELECT c.oid, c.relfilenode FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[])";

constexpr const char* kWatchedColumnsSql =
    "SELECT a.attrelid, a.attname, a.attnum, a.atttypid, a.attgenerated <> '', a.xmin::text "
    "FROM pg_catalog.pg_attribute a WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped";

// CREATE TABLE … PARTITION OF writes a partition's place in the tree right after the table itself, of whose rows in
// pg_attribute nobody ever touches that of tableoid (-6): same transaction, two commands later (tried on 15). Whoever
// puts rows into a new table before attaching it needs six at least.
constexpr const char* kPartitions =
    "WITH RECURSIVE tree AS ("
    "  SELECT i.inhparent AS root, i.inhrelid AS member, i.xmin AS attached, i.cmin AS at "
    "  FROM pg_catalog.pg_inherits i WHERE i.inhparent = ANY ($1::oid[]) AND NOT i.inhdetachpending "
    "  UNION ALL "
    "  SELECT t.root, i.inhrelid, i.xmin, i.cmin FROM tree t "
    "  JOIN pg_catalog.pg_inherits i ON i.inhparent = t.member AND NOT i.inhdetachpending) "
    "SELECT t.root, t.member, c.relfilenode, t.attached::text, "
    "coalesce(a.xmin = t.attached AND t.at::text::int8 - a.cmin::text::int8 BETWEEN 0 AND 3, false) "
    "FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.member "
    "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.member AND a.attnum = -6";

std::uint32_t number(const Rows& rows, int row, int column) {
  return static_cast<std::uint32_t>(rows.unsigned_integer(row, column));
}

}  // namespace

Result<CatalogState> PgCatalogWatch::look(const std::vector<TableRef>& tables) {
  if (conn_ && !conn_->usable()) conn_.reset();
  if (!conn_) {
    ConnParams params;
    params.url = options_.url;
    params.application_name = fmt::format("flusso:{}:catalog", options_.slot);
    params.statement_timeout = kPatience;
    params.lock_timeout = kPatience;
    FLUSSO_TRY_ASSIGN(conn_, Conn::connect(params, options_.stop));
  }
  FLUSSO_TRY(conn_->exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  auto state = read(*conn_, tables);
  if (!state) {
    conn_.reset();
    return state;
  }
  FLUSSO_TRY(conn_->exec("COMMIT"));
  return state;
}

Result<CatalogState> PgCatalogWatch::read(Conn& conn, const std::vector<TableRef>& tables) const {
  CatalogState state;
  FLUSSO_TRY_ASSIGN(const std::vector<TableLookup> lookups, look_up_tables(conn, tables));
  FLUSSO_TRY_ASSIGN(const PublicationRows publication, publication_rows(conn, options_.publication, lookups));
  state.publication = publication.own;
  std::unordered_map<std::uint32_t, TableState*> by_oid;
  std::vector<std::string> oids;
  for (const TableLookup& lookup : lookups) {
    if (!lookup.exists) continue;
    TableInfo info = lookup.info;
    if (publication.via_root) trust_root_identity(info);
    TableState& table = state.tables[info.table];
    table.oid = info.oid;
    table.identity = info.identity_columns;
    if (const auto found = publication.of_tables.find(info.oid); found != publication.of_tables.end())
      table.memberships = found->second;
    by_oid[info.oid] = &table;
    oids.push_back(fmt::format("{}", info.oid));
  }
  const Params bound{array_text(oids)};
  FLUSSO_TRY_ASSIGN(const Rows files, conn.exec_params(kFilesSql, bound));
  for (int row = 0; row < files.size(); ++row) by_oid.at(number(files, row, 0))->filenode = number(files, row, 1);
  FLUSSO_TRY_ASSIGN(const Rows columns, conn.exec_params(kWatchedColumnsSql, bound));
  for (int row = 0; row < columns.size(); ++row)
    by_oid.at(number(columns, row, 0))->columns[columns.string(row, 1)] =
        ColumnState{static_cast<std::uint16_t>(columns.integer(row, 2)), number(columns, row, 3),
                    columns.boolean(row, 4), number(columns, row, 5)};
  FLUSSO_TRY_ASSIGN(const Rows partitions, conn.exec_params(kPartitions, bound));
  for (int row = 0; row < partitions.size(); ++row)
    by_oid.at(number(partitions, row, 0))->partitions[number(partitions, row, 1)] =
        PartitionState{number(partitions, row, 2), number(partitions, row, 3), partitions.boolean(row, 4)};
  return state;
}

}  // namespace flusso::pg
