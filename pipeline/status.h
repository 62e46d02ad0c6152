#pragma once
// Live figures of the process, for progress lines and the HTTP surfaces. Counters only grow, across runs.
// Thread: any.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "model/clock.h"
#include "model/ids.h"
#include "model/status_report.h"
#include "model/value_losses.h"
#include "pipeline/change_count.h"

namespace flusso::pipeline {

// Whether this process is the one that writes.
enum class Role { none, standby, leader };
std::string_view to_text(Role role);

enum class Phase { starting, backfilling, live, draining, waiting, stopped };
std::string_view to_text(Phase phase);

class LiveStatus {
 public:
  ChangeCount changes;
  std::atomic<std::uint64_t> groups_put{0};
  std::atomic<std::uint64_t> groups_confirmed{0};
  std::atomic<std::uint64_t> documents_built{0};  // live ones and those of seeds, deletes included
  std::atomic<std::uint64_t> documents_written{0};
  std::atomic<std::uint64_t> documents_seeded{0};
  std::atomic<std::uint64_t> bytes_seeded{0};
  std::atomic<std::uint64_t> documents_quarantined{0};
  std::atomic<std::uint64_t> documents_in_doubt{0};
  std::atomic<std::uint64_t> documents_in_flight{0};
  std::atomic<std::uint64_t> batches{0};              // requests that a sink has answered
  std::atomic<std::uint64_t> last_flush_micros{0};    // how long the last one of them took
  std::atomic<std::uint64_t> unknown_old_parents{0};  // changed rows whose old document nobody can tell
  std::atomic<std::uint64_t> old_rows_searched{0};    // rows whose old document was searched for by their token
  std::atomic<std::uint64_t> old_parents_found{0};
  ValueLosses losses;
  std::atomic<std::uint64_t> runs{0};
  std::atomic<Phase> phase{Phase::starting};
  std::atomic<Role> role{Role::none};

  void set_confirmed(Lsn lsn) { confirmed_.store(lsn.value); }
  Lsn confirmed() const { return Lsn{confirmed_.load()}; }
  // Nothing of an earlier run is in flight any more.
  void end_run();
  void set_slot(SlotStatus slot);
  void set_seeds(std::vector<SeedProgress> seeds);
  std::vector<SeedProgress> seeds() const;
  // Every configured index, before anything is known of it.
  void set_indexes(std::map<std::string, IndexPhase> indexes);
  void set_index(const std::string& name, IndexPhase state);
  // Another process keeps them now: what was known of them, and of the slot, says nothing any more.
  void forget_indexes();
  // Indexes that get no changes now, and why.
  void set_paused(std::map<std::string, std::string> paused);
  std::map<std::string, std::string> paused() const;
  // Why a run or a start ended. Counted, unless it is the last one again and `again` says that it is one long wait.
  void note_error(const std::string& what, bool again);

  // Everything at this moment; counters that belong together may differ by what happens meanwhile.
  StatusReport report() const;

 private:
  const SteadyTime begun_ = steady_now();
  std::atomic<std::uint64_t> confirmed_{0};
  mutable std::mutex mutex_;
  std::vector<SeedProgress> seeds_;
  std::map<std::string, IndexPhase> indexes_;
  std::map<std::string, std::string> paused_;
  std::optional<SlotStatus> slot_;
  std::uint64_t errors_ = 0;
  std::optional<std::string> last_error_;
};

}  // namespace flusso::pipeline
