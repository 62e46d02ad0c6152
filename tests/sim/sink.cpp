#include "tests/sim/sink.h"

#include <algorithm>

#include "tests/sim/source.h"
#include "tests/sim/trace.h"

namespace flusso::sim {

std::size_t SimSink::running_bulks() const {
  return static_cast<std::size_t>(
      std::count_if(wires.begin(), wires.end(), [](const Wire& wire) { return !wire.worked; }));
}

Wire* SimSink::find(std::uint64_t id) {
  for (Wire& wire : wires)
    if (wire.id == id) return &wire;
  return nullptr;
}

void SimSink::forget_finished() {
  std::erase_if(wires, [](const Wire& wire) { return wire.worked && wire.replied; });
}

OutcomeKind SimSink::apply(const Write& write, Verdict& verdict) {
  const auto generation = generations[write.index].find(write.generation);
  const auto name = [&] {
    return "index " + std::to_string(write.index) + " generation " + std::to_string(write.generation) + " document " +
           write.key;
  };
  verdict.check(Invariant::no_write_reaches_a_retired_generation, generation != generations[write.index].end(), name);
  if (generation == generations[write.index].end()) return OutcomeKind::gone;
  trace(
      [&] { return name() + " read at " + std::to_string(write.read_at) + ": " + write.content.value_or("deleted"); });
  Stored& stored = generation->second.documents[write.key];
  const bool older = write.read_at < stored.read_at;
  const auto reads = [&] {
    return name() + ": read at " + std::to_string(write.read_at) + (write.from_seed ? " (seed)" : "") +
           " written over the read at " + std::to_string(stored.read_at) + (stored.from_seed ? " (seed)" : "");
  };
  // Two chunks may both hold a row that moved between them; its own change, still to come, repairs the order.
  if (write.from_seed)
    verdict.check(Invariant::seed_never_beats_live, !older || stored.from_seed, reads);
  else
    verdict.check(Invariant::a_document_is_never_overwritten_by_an_older_read, !older, reads);
  stored.read_at = write.read_at;
  stored.from_seed = write.from_seed;
  if (write.content && is_refused(*write.content)) return OutcomeKind::rejected;
  stored.content = write.content;
  return OutcomeKind::applied;
}

void SimSink::work(Wire& wire, Random& random, unsigned percent_busy, Verdict& verdict) {
  wire.worked = true;
  wire.outcomes.assign(wire.items, OutcomeKind::applied);
  if (wire.fate == Wire::Fate::refused || wire.fate == Wire::Fate::too_large) return;
  if (wire.fate == Wire::Fate::zombie && random.chance(30)) return;  // it never arrived
  for (const Write& write : wire.writes) {
    const OutcomeKind outcome = random.chance(percent_busy) ? OutcomeKind::retry : apply(write, verdict);
    OutcomeKind& worst = wire.outcomes[write.item];
    if (outcome == OutcomeKind::retry || (outcome != OutcomeKind::applied && worst == OutcomeKind::applied))
      worst = outcome;
  }
}

int SimSink::stage(std::size_t index) {
  const int number = ++meta[index].last_number;
  generations[index][number];
  meta[index].staged = number;
  if (meta[index].alias == 0) meta[index].alias = number;
  return number;
}

void SimSink::mark_seeded(std::size_t index, int generation) {
  meta[index].active = generation;
  meta[index].seeded = true;
  meta[index].staged.reset();
}

void SimSink::retire_others(std::size_t index, int keep) {
  std::erase_if(generations[index], [&](const auto& generation) { return generation.first != keep; });
}

}  // namespace flusso::sim
