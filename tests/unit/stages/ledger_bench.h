#pragma once
// A ledger with short words for its events; what it answers is kept apart by kind and taken by the test.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "stages/ledger.h"
#include "tests/unit/stages/documents.h"

namespace flusso::stages {

class LedgerBench {
 public:
  explicit LedgerBench(LedgerLimits limits = {}, std::size_t indexes = 2) : ledger(indexes, limits) {
    for (std::size_t i = 0; i < indexes; ++i) target(IndexId{static_cast<std::uint16_t>(i)}, kTarget);
  }

  LedgerOut tell(LedgerEvent event) {
    LedgerOut out;
    ledger.handle(std::move(event), out);
    for (const BuildBatch& batch : out.builds) {
      for (const BuildItem& item : batch.items) built.push_back(item);
      ++builds_open;
    }
    for (const Settled& group : out.settled) settled.push_back(group.seq.value);
    for (const Ticket ticket : out.recorded) recorded.push_back(ticket.value);
    for (const Ticket ticket : out.may_start) started.push_back(ticket.value);
    answered.insert(answered.end(), out.answered.begin(), out.answered.end());
    alarms.insert(alarms.end(), out.alarms.begin(), out.alarms.end());
    return out;
  }

  void target(IndexId index, Targets targets, Targets seeding = {}) { tell(SetTargets{index, targets, seeding}); }

  // A group of one part with one page.
  void change(std::uint64_t seq, std::vector<std::string> keys, IndexId index = kIndex) {
    announce(seq, keys.empty() ? 0 : 1);
    if (!keys.empty()) page(seq, std::move(keys), 1, index);
  }
  void announce(std::uint64_t seq, std::uint32_t parts) {
    tell(GroupAnnounced{GroupSeq{seq}, Lsn{seq * 10}, parts, std::make_shared<Lease>()});
  }
  void page(std::uint64_t seq, std::vector<std::string> keys, std::optional<std::uint32_t> pages_of_part = {},
            IndexId index = kIndex, Lease ids = {}) {
    tell(KeyPage{GroupSeq{seq}, index, std::move(keys), std::move(ids), pages_of_part});
  }

  // Documents handed to build since the last call, one lane freed for each batch.
  std::vector<std::string> take_built() {
    std::vector<std::string> keys;
    for (const BuildItem& item : std::exchange(built, {})) keys.push_back(item.key);
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  void end_builds() {
    for (; builds_open > 0; --builds_open) tell(BuildFinished{});
  }

  void complete(const std::string& key, OutcomeKind outcome = OutcomeKind::applied, SinkId sink = kSink,
                Targets targets = kTarget, IndexId index = kIndex) {
    end_builds();
    tell(Completion{sink, {CompletedDoc{index, targets, key, outcome}}, {}});
    if (outcome == OutcomeKind::in_doubt && ticking) wait(Millis{0});
  }

  void start_chunk(std::uint32_t ticket, IndexId index = kIndex) { tell(ChunkStart{Ticket{ticket}, index}); }
  // Seed documents of a chunk; returns the keys that were admitted.
  std::vector<std::string> seed(std::uint32_t ticket, const std::vector<Doc>& docs, IndexId index = kIndex) {
    const LedgerOut out = tell(SeedDocs{Ticket{ticket}, batch_of(index, docs)});
    std::vector<std::string> keys;
    for (const DocBatch& batch : out.seed_docs) {
      for (const DocRow& row : batch.rows) admitted_targets.push_back(row.targets);
      for (std::string& key : keys_of(batch)) keys.push_back(std::move(key));
    }
    return keys;
  }
  void end_chunk(std::uint32_t ticket, std::uint32_t batches, bool complete_read = true) {
    tell(ChunkEnd{Ticket{ticket}, batches, complete_read});
  }
  void wait(Millis by) { tell(Tick{SteadyTime(now += by)}); }

  Ledger ledger;
  Millis now{0};
  bool ticking = true;  // a tick follows every doubt at once
  std::vector<BuildItem> built;
  std::vector<std::uint64_t> settled;
  std::vector<std::uint32_t> recorded;
  std::vector<std::uint32_t> started;
  std::vector<std::uint64_t> answered;
  std::vector<std::string> alarms;
  std::vector<Targets> admitted_targets;
  int builds_open = 0;
};

using Keys = std::vector<std::string>;
using Seqs = std::vector<std::uint64_t>;
inline Seqs sorted(Seqs seqs) {
  std::sort(seqs.begin(), seqs.end());
  return seqs;
}
using Tickets = std::vector<std::uint32_t>;

}  // namespace flusso::stages
