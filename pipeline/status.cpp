#include "pipeline/status.h"

#include <utility>

namespace flusso::pipeline {

std::string_view to_text(Phase phase) {
  switch (phase) {
    case Phase::starting:
      return "starting";
    case Phase::backfilling:
      return "backfilling";
    case Phase::live:
      return "live";
    case Phase::draining:
      return "draining";
    case Phase::waiting:
      return "waiting";
    case Phase::stopped:
      return "stopped";
  }
  return "unknown";
}

std::string_view to_text(Role role) {
  switch (role) {
    case Role::none:
      return "none";
    case Role::standby:
      return "standby";
    case Role::leader:
      return "leader";
  }
  return "unknown";
}

void LiveStatus::set_slot(std::string wal_status, std::uint64_t retained_bytes,
                          std::optional<std::int64_t> safe_wal_bytes) {
  const std::scoped_lock lock(mutex_);
  slot_ = SlotStatus{std::move(wal_status), retained_bytes, safe_wal_bytes};
}

SlotStatus LiveStatus::slot() const {
  const std::scoped_lock lock(mutex_);
  return slot_;
}

void LiveStatus::set_seeds(std::vector<SeedProgress> seeds) {
  const std::scoped_lock lock(mutex_);
  seeds_ = std::move(seeds);
}

std::vector<SeedProgress> LiveStatus::seeds() const {
  const std::scoped_lock lock(mutex_);
  return seeds_;
}

void LiveStatus::set_paused(std::map<std::string, std::string> paused) {
  const std::scoped_lock lock(mutex_);
  paused_ = std::move(paused);
}

std::map<std::string, std::string> LiveStatus::paused() const {
  const std::scoped_lock lock(mutex_);
  return paused_;
}

}  // namespace flusso::pipeline
