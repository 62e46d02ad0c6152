#include "io/pg/blockers.h"

#include <fmt/format.h>

#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

// 32-bit ids are compared by age, which holds across wraparound. $1: a process that does not count.
constexpr const char* kBlockers =
    "SELECT a.pid, a.application_name, a.state, a.wait_event, "
    "extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint, NULL, pg_catalog.age(a.backend_xid) AS "
    "age "
    "FROM pg_catalog.pg_stat_activity a WHERE a.backend_xid IS NOT NULL AND a.pid <> $1::int "
    "UNION ALL "
    "SELECT NULL, NULL, NULL, NULL, extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)::bigint, p.gid, "
    "pg_catalog.age(p.transaction) FROM pg_catalog.pg_prepared_xacts p ORDER BY age DESC LIMIT 5";

constexpr const char* kNextXid = "SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())";

// Whoever waits for the lock counts as well: we stand in line behind it.
constexpr const char* kLockHolders =
    "SELECT a.pid, a.application_name, a.state, "
    "extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint, l.granted, l.relation::regclass::text "
    "FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid) "
    "WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' "
    "AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) "
    "AND l.relation IN (SELECT pg_catalog.to_regclass(t)::oid FROM pg_catalog.unnest($1::text[]) AS t) "
    "ORDER BY l.granted DESC, a.xact_start LIMIT 3";

}  // namespace

std::string name_lock_holders(Conn& conn, const std::vector<TableRef>& tables) {
  std::vector<std::string> names;
  for (const TableRef& table : tables) names.push_back(quote_table(table));
  const auto rows = conn.exec_params(kLockHolders, {array_text(names)});
  std::string text;
  for (int row = 0; rows && row < rows->size(); ++row) {
    if (!text.empty()) text += ", ";
    const std::string_view pid = rows->is_null(row, 0) ? "of a prepared transaction" : rows->text(row, 0);
    const std::string_view application = rows->text(row, 1);
    text += fmt::format("process {} ({}{}{} for {} s) {} table {}", pid, application, application.empty() ? "" : ", ",
                        rows->text(row, 2), rows->integer(row, 3), rows->boolean(row, 4) ? "locks" : "waits to lock",
                        rows->text(row, 5));
  }
  return text.empty() ? "nobody holds the lock any more" : text;
}

std::string name_blockers(Conn& conn, std::uint64_t fence_xid, int own_pid) {
  const auto next = conn.exec(kNextXid);
  const auto rows = conn.exec_params(kBlockers, {fmt::format("{}", own_pid)});
  if (!next || !rows) return "an older transaction (the server does not say whose)";
  const auto since_fence = static_cast<std::int64_t>(next->unsigned_integer(0, 0) - fence_xid);
  std::string names;
  for (int row = 0; row < rows->size(); ++row) {
    if (rows->integer(row, 6) <= since_fence) continue;
    if (!names.empty()) names += ", ";
    if (!rows->is_null(row, 5)) {
      names += fmt::format("prepared transaction \"{}\" (for {} s)", rows->text(row, 5), rows->integer(row, 4));
      continue;
    }
    const std::string_view application = rows->text(row, 1), event = rows->text(row, 3);
    names += fmt::format("process {} ({}{}{} for {} s{}{})", rows->text(row, 0), application,
                         application.empty() ? "" : ", ", rows->text(row, 2), rows->integer(row, 4),
                         event.empty() ? "" : ", waits for ", event);
  }
  return names.empty() ? "an older transaction (this role may not see whose)" : names;
}

}  // namespace flusso::pg
