#pragma once
// Postgres as a source: how the composition root gets at the ports without seeing a connection.

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "model/clock.h"
#include "model/config/secret.h"
#include "model/plan.h"
#include "model/ports/change_capture.h"
#include "model/ports/slot_monitor.h"
#include "model/ports/source.h"

namespace flusso::pg {

struct PgSourceOptions {
  Secret url;
  std::string slot = "flusso";
  std::string publication = "flusso";
  bool manage_publication = true;
  std::string spill_dir;  // folder for transactions that outgrow memory; empty = the system's temporary folder
  std::uint64_t spool_memory_bytes = 64ULL << 20U;  // what transactions that have not committed may take of memory
  bool allow_partial_publication = false;           // what a publication hides is only warned about
  bool manage_replica_identity = false;  // identities that lack a foreign key are widened where that is cheap
  // Ends every wait of the objects made from these options with `cancelled`, also of calls that take no token
  // themselves.
  std::stop_token stop;
  // Set by a capture that met changes from before its publication; SourceAdmin then moves the slot past them. Shared by
  // all copies.
  std::shared_ptr<std::atomic<bool>> publication_lost = std::make_shared<std::atomic<bool>>(false);
  Millis feedback_interval{3000};  // how often the walsender hears from us at least
};

// The plan must outlive the capture.
std::unique_ptr<ChangeCapture> make_capture(const PgSourceOptions& options, const Plan& plan);
std::unique_ptr<Visibility> make_visibility(const PgSourceOptions& options);
std::unique_ptr<SlotMonitor> make_slot_monitor(const PgSourceOptions& options);
std::unique_ptr<SourceAdmin> make_source_admin(const PgSourceOptions& options);

}  // namespace flusso::pg
