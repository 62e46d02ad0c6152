#include "io/pg/publication.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "io/pg/quote.h"
#include "model/log.h"

namespace flusso::pg {
namespace {

constexpr Logger kLog{"publication"};

constexpr const char* kPublication =
    "SELECT pubinsert, pubupdate, pubdelete FROM pg_catalog.pg_publication WHERE pubname = $1";

// Since 15 a publication may leave out columns and rows.
constexpr const char* kTables14 =
    "SELECT schemaname, tablename, NULL, NULL FROM pg_catalog.pg_publication_tables WHERE pubname = $1";
constexpr const char* kTables15 =
    "SELECT t.schemaname, t.tablename, t.rowfilter, c.name FROM pg_catalog.pg_publication_tables t "
    "LEFT JOIN LATERAL pg_catalog.unnest(t.attnames) AS c (name) ON true WHERE t.pubname = $1";

struct Member {
  bool row_filter = false;
  std::set<std::string, std::less<>> columns;  // empty = all, or not told
};

Error wrong(std::string code, std::string what) {
  return Error{ErrorKind::permanent, std::move(code), std::move(what)};
}

void check_member(const std::string& publication, const TablePlan& table, const Member& member,
                  std::vector<Error>& findings) {
  if (member.row_filter) {
    findings.push_back(
        wrong("pg.publication_filter",
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
    findings.push_back(wrong(
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
  std::map<TableRef, Member> members;
  if (state.exists) {
    if (!found.boolean(0, 0) || !found.boolean(0, 1) || !found.boolean(0, 2)) {
      state.findings.push_back(
          wrong("pg.publication_operations",
                fmt::format("publication \"{}\" does not publish every operation; run ALTER PUBLICATION {} "
                            "SET (publish = 'insert, update, delete, truncate');",
                            publication, quote_identifier(publication))));
    }
    const char* query = conn.server_version() >= 150000 ? kTables15 : kTables14;
    FLUSSO_TRY_ASSIGN(const Rows rows, conn.exec_params(query, {publication}));
    for (int row = 0; row < rows.size(); ++row) {
      Member& member = members[TableRef{rows.string(row, 0), rows.string(row, 1)}];
      member.row_filter = !rows.is_null(row, 2);
      if (!rows.is_null(row, 3)) member.columns.insert(rows.string(row, 3));
    }
  }
  for (const TablePlan& table : plan.tables) {
    const auto member = members.find(table.info.table);
    if (member == members.end())
      state.missing.push_back(table.info.table);
    else
      check_member(publication, table, member->second, state.findings);
  }
  return state;
}

std::string covering_sql(const std::string& publication, bool exists, const std::vector<TableRef>& missing) {
  std::string tables;
  for (const TableRef& table : missing) tables += (tables.empty() ? "" : ", ") + quote_table(table);
  if (exists) return fmt::format("ALTER PUBLICATION {} ADD TABLE {};", quote_identifier(publication), tables);
  return fmt::format("CREATE PUBLICATION {} FOR TABLE {};", quote_identifier(publication), tables);
}

Error incomplete(const std::string& publication, const PublicationState& state, std::string_view why) {
  const std::string sql = covering_sql(publication, state.exists, state.missing);
  kLog.warn("publication must be changed by hand", kv("sql", sql));
  return wrong(
      "pg.publication_incomplete",
      fmt::format("publication \"{}\" {}, so changes would be lost, and {}; run as a privileged role: {}", publication,
                  state.exists ? fmt::format("lacks {} table(s)", state.missing.size()) : "does not exist", why, sql));
}

Status cover(Conn& conn, const std::string& publication, const PublicationState& state) {
  const std::string sql = covering_sql(publication, state.exists, state.missing);
  const auto done = conn.exec(sql);
  if (done) {
    kLog.info(state.exists ? "publication extended" : "publication created", kv("sql", sql));
    return {};
  }
  if (done.error().code == "pg.42501") return fail(incomplete(publication, state, done.error().what));
  return fail(in_context(sql, done.error()));
}

}  // namespace flusso::pg
