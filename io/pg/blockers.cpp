#include "io/pg/blockers.h"

#include <fmt/format.h>

#include <limits>

#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

// Everyone who has a transaction id. 32-bit ids are compared by age, which holds across wraparound. $1: the process
// that waits, which does not count itself.
constexpr const char* kBlockers =
    "SELECT b.*, pg_catalog.age(b.xid) AS age, b.xid IN (SELECT l.transactionid FROM pg_catalog.pg_locks l "
    "WHERE l.pid = $1::int AND l.locktype = 'transactionid' AND NOT l.granted) AS awaited FROM ("
    "SELECT a.pid, a.application_name, a.state, a.wait_event, "
    "extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint AS seconds, NULL AS gid, "
    "NULLIF(a.datname, pg_catalog.current_database()) AS elsewhere, a.backend_xid AS xid "
    "FROM pg_catalog.pg_stat_activity a WHERE a.backend_xid IS NOT NULL AND a.pid <> $1::int "
    "UNION ALL "
    "SELECT NULL, NULL, NULL, NULL, extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)::bigint, p.gid, "
    "NULLIF(p.database, pg_catalog.current_database()), p.transaction "
    "FROM pg_catalog.pg_prepared_xacts p) b ORDER BY awaited DESC, age DESC LIMIT 5";
enum Column { kPid, kApplication, kState, kWaitEvent, kSeconds, kGid, kElsewhere, kXid, kAge };

constexpr const char* kNextXid = "SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())";

std::string of_database(const Rows& rows, int row) {
  return rows.is_null(row, kElsewhere) ? "" : fmt::format(" of database \"{}\"", rows.text(row, kElsewhere));
}

std::string prepared(const Rows& rows, int row) {
  const std::string gid = quote_literal(rows.string(row, kGid));
  return fmt::format("prepared transaction \"{}\"{} (for {} s; COMMIT PREPARED {} or ROLLBACK PREPARED {} ends it{})",
                     rows.text(row, kGid), of_database(rows, row), rows.integer(row, kSeconds), gid, gid,
                     rows.is_null(row, kElsewhere) ? "" : " there");
}

std::string process(const Rows& rows, int row) {
  std::string about(rows.text(row, kApplication));
  const auto add = [&](std::string_view text) {
    if (!about.empty()) about += ", ";
    about += text;
  };
  if (rows.is_null(row, kSeconds))
    add("not shown to this role for how long: GRANT pg_read_all_stats");
  else
    add(fmt::format("{} for {} s", rows.text(row, kState), rows.integer(row, kSeconds)));
  if (!rows.text(row, kWaitEvent).empty()) add(fmt::format("waits for {}", rows.text(row, kWaitEvent)));
  return fmt::format("process {}{} ({})", rows.text(row, kPid), of_database(rows, row), about);
}

// Those whose age is above `least`, the younger of two ids being the smaller age.
std::string name_older_than(Conn& conn, std::int64_t least, int waiting_pid) {
  const auto rows = conn.exec_params(kBlockers, {fmt::format("{}", waiting_pid)});
  if (!rows) return "an older transaction (the server does not say whose)";
  std::string names;
  for (int row = 0; row < rows->size(); ++row) {
    if (rows->integer(row, kAge) <= least) continue;
    if (!names.empty()) names += ", ";
    names += rows->is_null(row, kGid) ? process(*rows, row) : prepared(*rows, row);
  }
  return names.empty() ? "an older transaction (this role may not see whose)" : names;
}
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
  if (!next) return "an older transaction (the server does not say whose)";
  return name_older_than(conn, static_cast<std::int64_t>(next->unsigned_integer(0, 0) - fence_xid), own_pid);
}

std::string name_slot_blockers(Conn& conn, int waiting_pid) {
  return name_older_than(conn, std::numeric_limits<std::int64_t>::min(), waiting_pid);
}

}  // namespace flusso::pg
