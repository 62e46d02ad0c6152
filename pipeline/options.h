#pragma once
// All tunables of a run, with defaults and units in the name.

#include <cstdint>
#include <string>

#include "model/clock.h"
#include "model/config/config.h"

namespace flusso::pipeline {

struct Options {
  std::string slot = "flusso";
  unsigned workers = 2;  // build lanes and scan lanes, each
  unsigned resolve_lanes = 1;
  unsigned parallelism = 2;  // TBB threads; at least 2
  bool skip_backfill = false;
  bool backfill_only = false;
  SlotLossPolicy on_slot_lost = SlotLossPolicy::stop;

  std::uint64_t change_bytes = 32ULL * 1024 * 1024;
  std::uint64_t id_count = 262'144;
  std::uint64_t document_bytes = 256ULL * 1024 * 1024;
  std::uint64_t document_bytes_live_reserve = 64ULL * 1024 * 1024;
  std::uint64_t seed_documents = 16'384;  // read ahead of the sinks; several times what their requests in flight hold
  std::uint32_t build_batch = 256;
  std::uint32_t page_keys = 1024;
  std::size_t touched_budget = 2'000'000;

  Millis live_linger{5};
  Millis tick{5};
  Millis idle_tick{25};  // while nothing is in flight
  Millis claim_interval{500};
  Millis refresh_interval{500};
  Millis old_parent_interval{500};  // between two searches for documents that changed rows have left
  Millis seed_progress_interval{500};
  Millis seed_patience{5000};  // a scan that waits longer for memory gives its chunk back
  Millis drain_deadline{30000};
  Millis first_backoff{250};
  Millis max_backoff{5000};
  Millis healthy_after{300000};
  Millis lock_check_interval{2000};
  Millis catalog_interval{5000};    // between two looks at the catalog
  Millis reminder_interval{60000};  // how often a paused index is named again
  Millis slot_patience{15000};      // how long a first start waits for a slot that is still held
  Millis held_look{250};            // how often it looks whether the slot is free
  Millis standby_look{1000};        // how often a standby looks whether it may lead
  Millis standby_say{60000};        // how often it says so
  Millis slot_look_interval{5000};
  std::uint64_t wal_warning_bytes = 1ULL << 30U;  // kept by the slot; 0 = no warning
  Millis heartbeat{0};                            // 0 = none
};

}  // namespace flusso::pipeline
