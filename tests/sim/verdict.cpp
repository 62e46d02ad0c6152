#include "tests/sim/verdict.h"

#include <cstdlib>

namespace flusso::sim {

bool tracing() {
  static const bool on = std::getenv("FLUSSO_SIM_TRACE") != nullptr;
  return on;
}

std::string_view to_text(Invariant invariant) {
  switch (invariant) {
    case Invariant::confirmed_lsn_never_decreases:
      return "confirmed_lsn_never_decreases";
    case Invariant::no_lsn_is_confirmed_before_its_documents_are_durable:
      return "no_lsn_is_confirmed_before_its_documents_are_durable";
    case Invariant::a_document_is_never_overwritten_by_an_older_read:
      return "a_document_is_never_overwritten_by_an_older_read";
    case Invariant::one_attempt_per_id:
      return "one_attempt_per_id";
    case Invariant::seed_never_beats_live:
      return "seed_never_beats_live";
    case Invariant::promoted_generation_equals_source:
      return "promoted_generation_equals_source";
    case Invariant::leases_are_zero_after_every_run:
      return "leases_are_zero_after_every_run";
    case Invariant::a_failed_run_resumes_without_loss:
      return "a_failed_run_resumes_without_loss";
    case Invariant::an_idle_database_still_advances_the_slot:
      return "an_idle_database_still_advances_the_slot";
    case Invariant::drain_confirms_everything_it_sent:
      return "drain_confirms_everything_it_sent";
    case Invariant::no_read_before_visible:
      return "no_read_before_visible";
    case Invariant::no_write_reaches_a_retired_generation:
      return "no_write_reaches_a_retired_generation";
    case Invariant::every_run_comes_to_rest:
      return "every_run_comes_to_rest";
    case Invariant::count:
      break;
  }
  return "";
}

void Verdict::add(const Verdict& other, std::uint64_t seed) {
  for (std::size_t i = 0; i < kInvariants; ++i) {
    Tally& mine = tallies_[i];
    const Tally& its = other.tallies_[i];
    mine.checked += its.checked;
    if (its.broken != 0 && mine.broken == 0) mine.first = "seed " + std::to_string(seed) + ": " + its.first;
    mine.broken += its.broken;
  }
  broken_ = broken_ || other.broken_;
}

std::string Verdict::broken_names() const {
  std::string names;
  for (std::size_t i = 0; i < kInvariants; ++i) {
    if (tallies_[i].broken == 0) continue;
    names += std::string(to_text(static_cast<Invariant>(i))) + ": " + tallies_[i].first + "\n";
  }
  return names;
}

}  // namespace flusso::sim
