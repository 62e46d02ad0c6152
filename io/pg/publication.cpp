#include "io/pg/publication.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "io/pg/quote.h"
#include "model/log.h"

namespace flusso::pg {
namespace {

constexpr Logger kPublicationLog{"publication"};

constexpr const char* kPublication =
    "SELECT pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot FROM pg_catalog.pg_publication WHERE pubname = $1";

// Of each table: itself, what it is a partition of, and its partitions, as far as they are members.
// pg_publication_tables would list leaves, and so hide whether the partitions to come are covered.
constexpr const char* kFamilies =
    "WITH RECURSIVE wanted AS (SELECT w.oid FROM unnest($2::oid[]) AS w (oid)), "
    "above AS ("
    "  SELECT oid AS wanted, oid AS member FROM wanted "
    "  UNION SELECT a.wanted, i.inhparent FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.member "
    "  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition), "
    "below AS ("
    "  SELECT i.inhparent AS wanted, i.inhrelid AS member FROM wanted w JOIN pg_catalog.pg_inherits i ON i.inhparent = "
    "w.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition "
    "  UNION SELECT b.wanted, i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.member), "
    "family AS ("
    "  SELECT wanted, member, CASE WHEN member = wanted THEN 's' ELSE 'a' END AS kind FROM above "
    "  UNION ALL SELECT wanted, member, 'p' FROM below) ";
constexpr const char* kAllTables =
    "SELECT f.wanted, f.member, f.kind, false, NULL FROM family f JOIN pg_catalog.pg_publication p ON p.pubname = $1 "
    "AND p.puballtables ";
constexpr const char* kMembers14 =
    "UNION ALL SELECT f.wanted, f.member, f.kind, false, NULL FROM family f JOIN pg_catalog.pg_publication p ON "
    "p.pubname = $1 JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = f.member ";
// Since 15 a publication may leave out columns and rows, and may name schemas.
constexpr const char* kMembers15 =
    "UNION ALL SELECT f.wanted, f.member, f.kind, r.prqual IS NOT NULL, a.attname FROM family f "
    "JOIN pg_catalog.pg_publication p ON p.pubname = $1 "
    "JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = f.member "
    "LEFT JOIN LATERAL pg_catalog.unnest(r.prattrs::int2[]) AS k (number) ON true "
    "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = k.number "
    "UNION ALL SELECT f.wanted, f.member, f.kind, false, NULL FROM family f "
    "JOIN pg_catalog.pg_publication p ON p.pubname = $1 JOIN pg_catalog.pg_class c ON c.oid = f.member "
    "JOIN pg_catalog.pg_publication_namespace s ON s.pnpubid = p.oid AND s.pnnspid = c.relnamespace";

constexpr const char* kOwnRow =
    "SELECT oid || ':' || xmin, pubviaroot FROM pg_catalog.pg_publication WHERE pubname = $1";
constexpr const char* kRowsOfAll =
    "SELECT f.wanted, 'all' FROM family f JOIN pg_catalog.pg_publication p ON p.pubname = $1 AND p.puballtables "
    "UNION ALL SELECT f.wanted, r.oid || ':' || r.xmin FROM family f JOIN pg_catalog.pg_publication p ON p.pubname = "
    "$1 "
    "JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = f.member WHERE f.kind <> 'p' ";
constexpr const char* kRowsOfSchemas =
    "UNION ALL SELECT f.wanted, s.oid || ':' || s.xmin FROM family f JOIN pg_catalog.pg_publication p ON p.pubname = "
    "$1 "
    "JOIN pg_catalog.pg_class c ON c.oid = f.member JOIN pg_catalog.pg_publication_namespace s ON s.pnpubid = p.oid "
    "AND "
    "s.pnnspid = c.relnamespace WHERE f.kind <> 'p'";

// A relation that is a member, and what it is to the table in question.
struct Member {
  char kind = 's';  // itself, an ancestor, a partition
  bool row_filter = false;
  std::set<std::string, std::less<>> columns;  // empty = all
};
using Family = std::map<std::uint32_t, Member>;  // by oid

Error unusable(std::string code, std::string what) {
  return Error{ErrorKind::permanent, std::move(code), std::move(what)};
}

bool is_covered(const Family& family) {
  return std::any_of(family.begin(), family.end(), [](const auto& entry) { return entry.second.kind != 'p'; });
}

// With publish_via_partition_root the rows of a partition come as rows of the topmost member.
void check_root(const std::string& publication, const TablePlan& table, const Family& family, PublicationState& state) {
  if (std::any_of(family.begin(), family.end(), [](const auto& entry) { return entry.second.kind == 'a'; })) {
    state.findings.push_back(unusable(
        "pg.publication_root",
        fmt::format("publication \"{0}\" publishes the rows of table {1} as rows of the table that it is a partition "
                    "of; run ALTER PUBLICATION {2} SET (publish_via_partition_root = false);",
                    publication, to_text(table.info.table), quote_identifier(publication))));
  } else if (table.info.kind == 'p') {
    state.warnings.push_back(fmt::format(
        "publication \"{0}\" publishes partitions as their table (publish_via_partition_root): a TRUNCATE of "
        "one partition of table {1} is not replicated, and its documents then stay; run ALTER PUBLICATION "
        "{2} SET (publish_via_partition_root = false);",
        publication, to_text(table.info.table), quote_identifier(publication)));
  }
}

void check_member(const std::string& publication, const TablePlan& table, const Member& member,
                  std::vector<Error>& findings) {
  if (member.row_filter) {
    findings.push_back(
        unusable("pg.publication_filter",
                 fmt::format("publication \"{0}\" has a row filter on table {1}, so changes of other rows would be "
                             "lost; run ALTER PUBLICATION {2} DROP TABLE {3}; ALTER PUBLICATION {2} ADD TABLE {3};",
                             publication, to_text(table.info.table), quote_identifier(publication),
                             quote_table(table.info.table))));
  }
  std::string hidden;
  for (const std::string& column : table.columns) {
    const ColumnInfo* info = table.info.column(column);
    if (!member.columns.empty() && !member.columns.contains(column) && (info == nullptr || !info->generated))
      hidden += (hidden.empty() ? "" : ", ") + column;
  }
  if (!hidden.empty()) {
    findings.push_back(unusable(
        "pg.publication_columns",
        fmt::format("publication \"{0}\" leaves out column {1} of table {2}, which an index needs to find "
                    "its documents; run ALTER PUBLICATION {3} DROP TABLE {4}; ALTER PUBLICATION {3} ADD TABLE {4};",
                    publication, hidden, to_text(table.info.table), quote_identifier(publication),
                    quote_table(table.info.table))));
  }
}

}  // namespace

Result<PublicationState> inspect_publication(Conn& conn, const std::string& publication, const Plan& plan) {
  PublicationState state;
  FLUSSO_TRY_ASSIGN(const Rows found, conn.exec_params(kPublication, {publication}));
  state.exists = !found.empty();
  std::map<std::uint32_t, Family> families;
  bool via_root = false;
  if (state.exists) {
    if (!found.boolean(0, 0) || !found.boolean(0, 1) || !found.boolean(0, 2) || !found.boolean(0, 3)) {
      state.findings.push_back(
          unusable("pg.publication_operations",
                   fmt::format("publication \"{}\" does not publish every operation; run ALTER PUBLICATION {} "
                               "SET (publish = 'insert, update, delete, truncate');",
                               publication, quote_identifier(publication))));
    }
    via_root = found.boolean(0, 4);
    std::vector<std::string> oids;
    for (const TablePlan& table : plan.tables) oids.push_back(fmt::format("{}", table.info.oid));
    const char* members = conn.server_version() >= 150000 ? kMembers15 : kMembers14;
    FLUSSO_TRY_ASSIGN(const Rows rows,
                      conn.exec_params(std::string(kFamilies) + kAllTables + members, {publication, array_text(oids)}));
    for (int row = 0; row < rows.size(); ++row) {
      Family& family = families[rows.oid(row, 0)];
      Member& member = family[rows.oid(row, 1)];
      member.kind = rows.text(row, 2).front();
      member.row_filter = member.row_filter || rows.boolean(row, 3);
      if (!rows.is_null(row, 4)) member.columns.insert(rows.string(row, 4));
    }
  }
  for (const TablePlan& table : plan.tables) {
    const Family& family = families[table.info.oid];
    if (!is_covered(family)) state.missing.push_back(table.info.table);
    for (const auto& [oid, member] : family) check_member(publication, table, member, state.findings);
    if (via_root) check_root(publication, table, family, state);
  }
  return state;
}

Result<bool> publishes_via_root(Conn& conn, const std::string& publication) {
  FLUSSO_TRY_ASSIGN(const Rows found, conn.exec_params(kPublication, {publication}));
  return !found.empty() && found.boolean(0, 4);
}

Result<PublicationRows> publication_rows(Conn& conn, const std::string& publication,
                                         const std::vector<TableLookup>& tables) {
  PublicationRows rows;
  FLUSSO_TRY_ASSIGN(const Rows own, conn.exec_params(kOwnRow, {publication}));
  if (own.empty()) return rows;
  rows.own = own.string(0, 0);
  rows.via_root = own.boolean(0, 1);
  std::vector<std::string> oids;
  for (const TableLookup& table : tables)
    if (table.exists) oids.push_back(fmt::format("{}", table.info.oid));
  const std::string sql = std::string(kFamilies) + kRowsOfAll + (conn.server_version() >= 150000 ? kRowsOfSchemas : "");
  FLUSSO_TRY_ASSIGN(const Rows found, conn.exec_params(sql, {publication, array_text(oids)}));
  for (int row = 0; row < found.size(); ++row) rows.of_tables[found.oid(row, 0)].insert(found.string(row, 1));
  return rows;
}

std::string covering_sql(const std::string& publication, bool exists, const std::vector<TableRef>& missing) {
  std::string tables;
  for (const TableRef& table : missing) tables += (tables.empty() ? "" : ", ") + quote_table(table);
  if (tables.empty()) return fmt::format("CREATE PUBLICATION {};", quote_identifier(publication));  // all is paused
  if (exists) return fmt::format("ALTER PUBLICATION {} ADD TABLE {};", quote_identifier(publication), tables);
  return fmt::format("CREATE PUBLICATION {} FOR TABLE {};", quote_identifier(publication), tables);
}

Error incomplete(const std::string& publication, const PublicationState& state, std::string_view why) {
  const std::string sql = covering_sql(publication, state.exists, state.missing);
  kPublicationLog.warn("publication must be changed by hand", kv("sql", sql));
  return unusable(
      "pg.publication_incomplete",
      fmt::format("publication \"{}\" {}, so changes would be lost, and {}; run as a privileged role: {}", publication,
                  state.exists ? fmt::format("lacks {} table(s)", state.missing.size()) : "does not exist", why, sql));
}

Status cover(Conn& conn, const std::string& publication, const PublicationState& state) {
  const std::string sql = covering_sql(publication, state.exists, state.missing);
  const auto done = conn.exec(sql);
  if (done) {
    kPublicationLog.info(state.exists ? "publication extended" : "publication created", kv("sql", sql));
    return {};
  }
  if (done.error().code == "pg.42501") return fail(incomplete(publication, state, done.error().what));
  return fail(in_context(sql, done.error()));
}

}  // namespace flusso::pg
