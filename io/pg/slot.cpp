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
                              "s.confirmed_flush_lsn, s.wal_status FROM pg_catalog.pg_replication_slots s "
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
  if (info.wal_status == "lost") {
    return fail(ErrorKind::permanent, "pg.slot_lost",
                fmt::format("replication slot \"{}\" has lost its WAL (wal_status = lost): changes are missing that "
                            "nothing can bring back; raise max_slot_wal_keep_size, drop the slot with SELECT "
                            "pg_drop_replication_slot({}); and start again to seed every index anew",
                            slot, quote_literal(slot)));
  }
  return {};
}

std::string in_use_sentence(const SlotInfo& info, const std::string& slot) {
  return fmt::format("replication slot \"{}\" is in use by process {}{}; stop that consumer or choose another --slot",
                     slot, info.active_pid, info.active_name.empty() ? "" : " (" + info.active_name + ")");
}

Result<Lsn> create_slot(Conn& conn, const std::string& slot, const Watch& watch) {
  FLUSSO_TRY_ASSIGN(const Rows rows, conn.exec("SELECT lsn FROM pg_catalog.pg_create_logical_replication_slot(" +
                                                   quote_literal(slot) + ", 'pgoutput')",
                                               &watch));
  return rows.lsn(0, 0);
}

}  // namespace flusso::pg
