#pragma once
// Live figures of the process, for progress lines and, later, the HTTP surfaces. Counters only grow, across runs.
// Thread: any.

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/value_losses.h"

namespace flusso::pipeline {

// Whether this process is the one that writes.
enum class Role { none, standby, leader };
std::string_view to_text(Role role);

// The replication slot as last looked at.
struct SlotStatus {
  std::string wal_status;  // empty = not looked at yet
  std::uint64_t retained_bytes = 0;
  std::optional<std::int64_t> safe_wal_bytes;  // absent = no limit
};

enum class Phase { starting, backfilling, live, draining, waiting, stopped };
std::string_view to_text(Phase phase);

struct SeedProgress {
  std::string index;
  double rows_total = 0;  // estimate
  double rows_done = 0;
  std::size_t chunks_total = 0;
  std::size_t chunks_done = 0;
  bool resumed = false;
};

class LiveStatus {
 public:
  std::atomic<std::uint64_t> changes_captured{0};
  std::atomic<std::uint64_t> groups_put{0};
  std::atomic<std::uint64_t> groups_confirmed{0};
  std::atomic<std::uint64_t> documents_written{0};
  std::atomic<std::uint64_t> documents_seeded{0};
  std::atomic<std::uint64_t> bytes_seeded{0};
  std::atomic<std::uint64_t> documents_quarantined{0};
  std::atomic<std::uint64_t> documents_in_doubt{0};
  std::atomic<std::uint64_t> documents_in_flight{0};
  std::atomic<std::uint64_t> unknown_old_parents{0};  // changed rows whose old document nobody can tell
  std::atomic<std::uint64_t> old_rows_searched{0};    // rows whose old document was searched for by their token
  std::atomic<std::uint64_t> old_parents_found{0};
  ValueLosses losses;
  std::atomic<std::uint64_t> runs{0};
  std::atomic<Phase> phase{Phase::starting};
  std::atomic<Role> role{Role::none};

  void set_confirmed(Lsn lsn) { confirmed_.store(lsn.value); }
  Lsn confirmed() const { return Lsn{confirmed_.load()}; }
  void set_slot(std::string wal_status, std::uint64_t retained_bytes, std::optional<std::int64_t> safe_wal_bytes);
  SlotStatus slot() const;
  void set_seeds(std::vector<SeedProgress> seeds);
  std::vector<SeedProgress> seeds() const;
  // Indexes that get no changes now, and why.
  void set_paused(std::map<std::string, std::string> paused);
  std::map<std::string, std::string> paused() const;

 private:
  std::atomic<std::uint64_t> confirmed_{0};
  mutable std::mutex mutex_;
  std::vector<SeedProgress> seeds_;
  std::map<std::string, std::string> paused_;
  SlotStatus slot_;
};

}  // namespace flusso::pipeline
