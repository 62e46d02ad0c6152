#pragma once
// What was seen of every invariant of the pipeline (design, section 10): how often it was put to the test, and the
// first ways in which it was broken. Shared by the simulator and the graph tests. Thread: any.

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace flusso::invariants {

enum class Invariant : std::uint8_t {
  confirmed_lsn_never_decreases,
  no_lsn_is_confirmed_before_its_documents_are_durable,
  a_document_is_never_overwritten_by_an_older_read,
  one_attempt_per_id,
  seed_never_beats_live,
  promoted_generation_equals_source,
  leases_are_zero_after_every_run,
  peak_bytes_stay_within_budget,
  a_failed_run_resumes_without_loss,
  an_idle_database_still_advances_the_slot,
  drain_confirms_everything_it_sent,
  no_read_before_visible,
  no_write_reaches_a_retired_generation,
  no_run_writes_before_the_bulks_of_earlier_ones_have_ended,
  no_run_ends_as_a_bug,
  every_run_comes_to_rest,
  count,
};
inline constexpr std::size_t kInvariants = static_cast<std::size_t>(Invariant::count);
std::string_view to_text(Invariant invariant);

class Verdict {
 public:
  // `what` says how it was broken: a text, or a function that makes one and is called only then.
  template <class What>
  void check(Invariant invariant, bool holds, What&& what) {
    if (holds) {
      note(invariant, nullptr);
    } else if constexpr (std::is_invocable_v<What>) {
      const std::string text(what());
      note(invariant, &text);
    } else {
      const std::string text(what);
      note(invariant, &text);
    }
  }
  std::uint64_t checked(Invariant invariant) const;
  std::uint64_t broken(Invariant invariant) const;
  std::uint64_t broken() const;
  // The first ways in which it was broken, for people.
  std::string examples(Invariant invariant) const;
  std::string examples() const;
  // Adds another verdict's figures, its examples marked with the seed.
  void add(const Verdict& other, std::uint64_t seed);

 private:
  struct Seen {
    std::uint64_t checked = 0;
    std::uint64_t broken = 0;
    std::vector<std::string> examples;
  };
  void note(Invariant invariant, const std::string* broken);

  mutable std::mutex mutex_;
  std::array<Seen, kInvariants> seen_;
};

}  // namespace flusso::invariants
