#pragma once
// The replication slot as pg_replication_slots shows it, and what makes one unusable for us.
// Thread: one per connection.

#include <optional>
#include <string>

#include "io/pg/conn.h"
#include "model/ids.h"
#include "model/result.h"

namespace flusso::pg {

struct SlotInfo {
  std::string plugin;  // empty for a physical slot
  std::string database;
  bool active = false;
  int active_pid = 0;
  std::string active_name;  // application_name of the holder, as far as we may see it
  Lsn confirmed_flush;
  Lsn restart;             // WAL from here on is kept
  std::string wal_status;  // reserved, extended, unreserved, lost
  std::string cause;       // since version 17: why it was invalidated
};

// Errors: config pg.slot_name. Postgres allows a-z, 0-9 and _ only, 63 bytes at most.
Status check_slot_name(const std::string& slot);
// Absent when there is no such slot.
Result<std::optional<SlotInfo>> find_slot(Conn& conn, const std::string& slot);
// Why this slot cannot serve us: permanent pg.slot_plugin, pg.slot_database, pg.slot_lost. Whether it is in use is not
// looked at.
Status check_slot(const SlotInfo& info, const std::string& slot, const std::string& database);
// Why it can deliver nothing any more, with the setting behind it; empty = it can.
std::string why_invalid(const SlotInfo& info);
// "slot "x" is in use by process 123 (application)": the sentence for whoever decides whether to wait.
std::string in_use_sentence(const SlotInfo& info, const std::string& slot);
// The statement that creates one. Since version 17 the slot is copied to standbys that are set up for it, so that it
// survives a failover.
std::string create_slot_sql(const std::string& slot, int server_version);
// Creates a pgoutput slot; waits for older transactions, telling `watch` now and then. Returns its starting position.
Result<Lsn> create_slot(Conn& conn, const std::string& slot, const Watch& watch);

}  // namespace flusso::pg
