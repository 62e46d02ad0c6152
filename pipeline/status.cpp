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

void LiveStatus::end_run() {
  changes.forget();
  documents_in_flight.store(0);
}

void LiveStatus::set_slot(SlotStatus slot) {
  const std::scoped_lock lock(mutex_);
  slot_ = std::move(slot);
}

void LiveStatus::set_seeds(std::vector<SeedProgress> seeds) {
  const std::scoped_lock lock(mutex_);
  seeds_ = std::move(seeds);
}

std::vector<SeedProgress> LiveStatus::seeds() const {
  const std::scoped_lock lock(mutex_);
  return seeds_;
}

void LiveStatus::set_indexes(std::map<std::string, IndexPhase> indexes) {
  const std::scoped_lock lock(mutex_);
  indexes_ = std::move(indexes);
}

void LiveStatus::set_index(const std::string& name, IndexPhase state) {
  const std::scoped_lock lock(mutex_);
  indexes_[name] = state;
}

void LiveStatus::forget_indexes() {
  const std::scoped_lock lock(mutex_);
  for (auto& [name, state] : indexes_)
    if (state != IndexPhase::disabled) state = IndexPhase::unknown;
  paused_.clear();
  seeds_.clear();
  slot_.reset();
}

void LiveStatus::set_paused(std::map<std::string, std::string> paused) {
  const std::scoped_lock lock(mutex_);
  paused_ = std::move(paused);
}

std::map<std::string, std::string> LiveStatus::paused() const {
  const std::scoped_lock lock(mutex_);
  return paused_;
}

void LiveStatus::note_error(const std::string& what, bool again) {
  const std::scoped_lock lock(mutex_);
  if (!again || last_error_ != what) ++errors_;
  last_error_ = what;
}

StatusReport LiveStatus::report() const {
  StatusReport report;
  const Phase now_in = phase.load();
  const Role acting_as = role.load();
  report.phase = to_text(now_in);
  report.role = to_text(acting_as);
  // A standby does all that it is there for (docs/decisions/014-a-standby-is-ready.md).
  report.ready =
      now_in == Phase::backfilling || now_in == Phase::live || (now_in == Phase::waiting && acting_as == Role::standby);
  report.uptime_seconds =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(steady_now() - begun_).count());
  const ChangeCount::Totals counted = changes.totals();
  report.changes_captured = counted.captured;
  report.changes_committed = counted.committed;
  report.changes_in_flight = counted.in_flight;
  report.documents_built = documents_built.load();
  report.documents_seeded = documents_seeded.load();
  report.documents_written = documents_written.load();
  report.documents_in_flight = documents_in_flight.load();
  report.documents_in_doubt = documents_in_doubt.load();
  report.documents_quarantined = documents_quarantined.load();
  report.batches = batches.load();
  report.last_flush_micros = last_flush_micros.load();
  report.old_rows_searched = old_rows_searched.load();
  report.old_parents_found = old_parents_found.load();
  report.unknown_old_parents = unknown_old_parents.load();
  report.value_losses = losses.entries();
  report.runs = runs.load();
  if (confirmed().value != 0) report.confirmed = confirmed();
  const std::scoped_lock lock(mutex_);
  report.indexes = indexes_;
  report.paused = paused_;
  report.seeds = seeds_;
  report.slot = slot_;
  report.errors = errors_;
  report.last_error = last_error_;
  return report;
}

}  // namespace flusso::pipeline
