#pragma once
// Looks at the replication slot from aside while a run works: what it keeps from being removed, and whether it still is
// there. Postgres: io/pg/slot_monitor.

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "model/ids.h"
#include "model/result.h"

namespace flusso {

struct SlotHealth {
  bool exists = false;
  std::string invalid;  // why it can deliver nothing any more; empty = it can
  Lsn confirmed_flush;
  std::string wal_status;                      // reserved, extended, unreserved, lost
  std::uint64_t lag_bytes = 0;                 // WAL from confirmed_flush to the server's present position
  std::uint64_t retained_bytes = 0;            // WAL from the slot's restart position to the server's present one
  std::optional<std::int64_t> safe_wal_bytes;  // what may still be written until the slot is lost; absent = no limit
};

// Thread: one.
class SlotMonitor {
 public:
  virtual ~SlotMonitor() = default;
  // Errors: transient when the server cannot be asked now; cancelled.
  virtual Result<SlotHealth> look(std::stop_token stop) = 0;
  // Writes one small transaction that means nothing, so that the stream moves although nobody writes.
  virtual Status beat(std::stop_token stop) = 0;
};

}  // namespace flusso
