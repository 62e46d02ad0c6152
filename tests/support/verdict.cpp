#include "tests/support/verdict.h"

namespace flusso::invariants {
namespace {

constexpr std::size_t kExamples = 5;

}  // namespace

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
    case Invariant::peak_bytes_stay_within_budget:
      return "peak_bytes_stay_within_budget";
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
    case Invariant::no_run_writes_before_the_bulks_of_earlier_ones_have_ended:
      return "no_run_writes_before_the_bulks_of_earlier_ones_have_ended";
    case Invariant::no_run_ends_as_a_bug:
      return "no_run_ends_as_a_bug";
    case Invariant::every_run_comes_to_rest:
      return "every_run_comes_to_rest";
    case Invariant::count:
      break;
  }
  return "unknown";
}

void Verdict::note(Invariant invariant, const std::string* broken) {
  const std::scoped_lock lock(mutex_);
  Seen& seen = seen_[static_cast<std::size_t>(invariant)];
  ++seen.checked;
  if (broken == nullptr) return;
  ++seen.broken;
  if (seen.examples.size() < kExamples) seen.examples.push_back(*broken);
}

std::uint64_t Verdict::checked(Invariant invariant) const {
  const std::scoped_lock lock(mutex_);
  return seen_[static_cast<std::size_t>(invariant)].checked;
}

std::uint64_t Verdict::broken(Invariant invariant) const {
  const std::scoped_lock lock(mutex_);
  return seen_[static_cast<std::size_t>(invariant)].broken;
}

std::uint64_t Verdict::broken() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t sum = 0;
  for (const Seen& seen : seen_) sum += seen.broken;
  return sum;
}

std::string Verdict::examples(Invariant invariant) const {
  const std::scoped_lock lock(mutex_);
  std::string text;
  for (const std::string& example : seen_[static_cast<std::size_t>(invariant)].examples) text += "  " + example + "\n";
  return text;
}

std::string Verdict::examples() const {
  std::string text;
  for (std::size_t i = 0; i < kInvariants; ++i) {
    const auto invariant = static_cast<Invariant>(i);
    if (broken(invariant) != 0) text += std::string(to_text(invariant)) + "\n" + examples(invariant);
  }
  return text;
}

void Verdict::add(const Verdict& other, std::uint64_t seed) {
  const std::scoped_lock lock(mutex_, other.mutex_);
  for (std::size_t i = 0; i < kInvariants; ++i) {
    seen_[i].checked += other.seen_[i].checked;
    seen_[i].broken += other.seen_[i].broken;
    for (const std::string& example : other.seen_[i].examples)
      if (seen_[i].examples.size() < kExamples)
        seen_[i].examples.push_back("seed " + std::to_string(seed) + ": " + example);
  }
}

}  // namespace flusso::invariants
