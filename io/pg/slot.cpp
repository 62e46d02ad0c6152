#include "io/pg/slot.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pg/quote.h"

namespace flusso::pg {

Status check_slot_name(const std::string& slot) {
  const bool good = !slot.empty() && slot.size() <= 63 && std::all_of(slot.begin(), slot.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (good) return {};
  return fail(
      ErrorKind::config, "pg.slot_name",
      fmt::format("\"{}\" is no name for a replication slot: Postgres allows up to 63 lower-case letters, digits "
                  "and underscores; choose another --slot",
                  slot));
}

Result<std::optional<SlotInfo>> find_slot(Conn& conn, const std::string& slot) {
  // A literal instead of a parameter: walsender connections speak the simple protocol only.
  FLUSSO_TRY_ASSIGN(const Rows rows,
                    conn.exec("SELECT s.plugin, s.database, s.active, s.active_pid, a.application_name, "
                              "s.confirmed_flush_lsn, s.wal_status, s.restart_lsn, "
                              "pg_catalog.to_jsonb(s) ->> 'invalidation_reason' "
                              "FROM pg_catalog.pg_replication_slots s "
                              "LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid "
                              "WHERE s.slot_name = " +
                              quote_literal(slot)));
  if (rows.empty()) return std::optional<SlotInfo>{};
  SlotInfo info;
  info.plugin = rows.string(0, 0);
  info.database = rows.string(0, 1);
  info.active = rows.boolean(0, 2);
  info.active_pid = static_cast<int>(rows.integer(0, 3));
  info.active_name = rows.string(0, 4);
  info.confirmed_flush = rows.lsn(0, 5);
  info.wal_status = rows.string(0, 6);
  info.restart = rows.lsn(0, 7);
  info.cause = rows.string(0, 8);
  return std::optional(std::move(info));
}

Status check_slot(const SlotInfo& info, const std::string& slot, const std::string& database) {
  if (info.plugin != "pgoutput") {
    return fail(ErrorKind::permanent, "pg.slot_plugin",
                fmt::format("replication slot \"{}\" {}, not pgoutput; choose another --slot, or drop this one with "
                            "SELECT pg_drop_replication_slot({});",
                            slot, info.plugin.empty() ? "is a physical slot" : "uses the plugin " + info.plugin,
                            quote_literal(slot)));
  }
  if (info.database != database) {
    return fail(
        ErrorKind::permanent, "pg.slot_database",
        fmt::format("replication slot \"{}\" belongs to database \"{}\", not \"{}\"; choose another --slot: slot "
                    "names are shared by all databases of a server",
                    slot, info.database, database));
  }
  if (const std::string why = why_invalid(info); !why.empty()) {
    return fail(ErrorKind::permanent, "pg.slot_lost",
                fmt::format("replication slot \"{}\" can deliver nothing any more: {}; drop the slot with SELECT "
                            "pg_drop_replication_slot({}); and start again to seed every index anew",
                            slot, why, quote_literal(slot)));
  }
  return {};
}

std::string why_invalid(const SlotInfo& info) {
  if (info.wal_status != "lost") return {};
  if (info.cause.empty() || info.cause == "wal_removed")
    return "Postgres has removed WAL that it still needed (wal_status = lost); raise max_slot_wal_keep_size";
  if (info.cause == "idle_timeout")
    return "it was not used for longer than idle_replication_slot_timeout (wal_status = lost); raise that setting";
  return fmt::format("Postgres has invalidated it (wal_status = lost, {})", info.cause);
}

std::string create_slot_sql(const std::string& slot, int server_version) {
  const char* more = server_version >= 170000 ? ", failover => true" : "";
  return fmt::format("SELECT lsn FROM pg_catalog.pg_create_logical_replication_slot({}, 'pgoutput'{})",
                     quote_literal(slot), more);
}

std::string in_use_sentence(const SlotInfo& info, const std::string& slot) {
  return fmt::format("replication slot \"{}\" is in use by process {}{}; stop that consumer or choose another --slot",
                     slot, info.active_pid, info.active_name.empty() ? "" : " (" + info.active_name + ")");
}

Result<Lsn> create_slot(Conn& conn, const std::string& slot, const Watch& watch) {
  FLUSSO_TRY_ASSIGN(const Rows rows, conn.exec(create_slot_sql(slot, conn.server_version()), &watch));
  return rows.lsn(0, 0);
}

}  // namespace flusso::pg
