#pragma once
// The invariants of the pipeline by name, how often each was put to the test, and the first time it did not hold.
// Thread: one.

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace flusso::sim {

// FLUSSO_SIM_TRACE=1 prints every event and what it did: for one seed only.
bool tracing();
template <class Describe>
void trace(Describe&& describe) {
  if (tracing()) std::fprintf(stderr, "  %s\n", std::string(describe()).c_str());
}

enum class Invariant : std::uint8_t {
  confirmed_lsn_never_decreases,
  no_lsn_is_confirmed_before_its_documents_are_durable,
  a_document_is_never_overwritten_by_an_older_read,
  one_attempt_per_id,
  seed_never_beats_live,
  promoted_generation_equals_source,
  leases_are_zero_after_every_run,
  a_failed_run_resumes_without_loss,
  an_idle_database_still_advances_the_slot,
  drain_confirms_everything_it_sent,
  no_read_before_visible,
  no_write_reaches_a_retired_generation,
  every_run_comes_to_rest,
  count,
};
inline constexpr std::size_t kInvariants = static_cast<std::size_t>(Invariant::count);

std::string_view to_text(Invariant invariant);

class Verdict {
 public:
  // `describe` is called only when the invariant is broken.
  template <class Describe>
  void check(Invariant invariant, bool holds, Describe&& describe) {
    Tally& tally = tallies_[static_cast<std::size_t>(invariant)];
    ++tally.checked;
    if (holds) return;
    if (tally.broken++ == 0) tally.first = describe();
    broken_ = true;
  }
  bool broken() const { return broken_; }
  std::uint64_t checked(Invariant invariant) const { return tallies_[static_cast<std::size_t>(invariant)].checked; }
  std::uint64_t broken(Invariant invariant) const { return tallies_[static_cast<std::size_t>(invariant)].broken; }
  const std::string& first(Invariant invariant) const { return tallies_[static_cast<std::size_t>(invariant)].first; }
  // Adds the figures of one seed; the first broken one is kept with its seed.
  void add(const Verdict& other, std::uint64_t seed);
  std::string broken_names() const;

 private:
  struct Tally {
    std::uint64_t checked = 0;
    std::uint64_t broken = 0;
    std::string first;
  };
  std::array<Tally, kInvariants> tallies_;
  bool broken_ = false;
};

}  // namespace flusso::sim
