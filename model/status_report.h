#pragma once
// What the process tells about itself at one moment: plain values, so that whoever shows them (io/surfaces) knows
// nothing of the pipeline that fills them in (pipeline/status). No secret is in here: errors carry none.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/value_losses.h"

namespace flusso {

// How far one configured index is. A state is what this process knows: a standby knows none.
enum class IndexPhase {
  unknown,      // not looked at yet
  pending,      // its seed has not begun
  backfilling,  // being seeded, or built anew behind its alias
  seeded,       // complete in every sink that keeps it
  paused,       // it gets no changes now
  disabled,     // by the configuration
};
std::string_view to_text(IndexPhase state);

// One seed: an index and the sinks that it is read for.
struct SeedProgress {
  std::string index;
  double rows_total = 0;  // estimate
  double rows_done = 0;
  std::size_t chunks_total = 0;
  std::size_t chunks_done = 0;
  bool resumed = false;
};

// The replication slot as last looked at.
struct SlotStatus {
  std::string wal_status;
  std::uint64_t lag_bytes = 0;                 // WAL from the confirmed position to the server's present one
  std::uint64_t retained_bytes = 0;            // WAL that the slot keeps from being removed
  std::optional<std::int64_t> safe_wal_bytes;  // what may be written until the slot is lost; absent = no limit
};

// Counters count since the process began and only grow; what is in flight is of the present run.
struct StatusReport {
  std::string version;
  std::string_view phase;
  std::string_view role;
  bool ready = false;
  std::uint64_t uptime_seconds = 0;
  std::map<std::string, IndexPhase> indexes;
  std::map<std::string, std::string> paused;  // index to reason
  std::vector<SeedProgress> seeds;

  std::uint64_t changes_captured = 0;
  std::uint64_t changes_committed = 0;
  std::uint64_t changes_in_flight = 0;
  std::uint64_t documents_built = 0;
  std::uint64_t documents_seeded = 0;
  std::uint64_t documents_written = 0;
  std::uint64_t documents_in_flight = 0;
  std::uint64_t documents_in_doubt = 0;
  std::uint64_t documents_quarantined = 0;
  std::uint64_t batches = 0;
  std::uint64_t last_flush_micros = 0;
  std::uint64_t old_rows_searched = 0;
  std::uint64_t old_parents_found = 0;
  std::uint64_t unknown_old_parents = 0;
  std::vector<ValueLosses::Entry> value_losses;

  std::uint64_t runs = 0;
  std::uint64_t errors = 0;
  std::optional<std::string> last_error;
  std::optional<SlotStatus> slot;
  std::optional<Lsn> confirmed;  // absent = no stream has been open
};

}  // namespace flusso
