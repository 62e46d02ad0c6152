#pragma once
// What the ledger is told and what it answers; spoken only inside the graph.
//
//   fanout, resolve ─▶ GroupAnnounced, KeyPage ─┐                       ┌─▶ BuildBatch    (to build)
//   scan lanes ─▶ ChunkStart, SeedDocs, ChunkEnd ┼─▶ LEDGER (serial) ───┼─▶ DocBatch      (admitted seed documents, to
//   pack) settle, build ─▶ Completion, BuildFinished ──┤                      ├─▶ Settled       (to the sequencer)
//   control, ticker ─▶ SeedBegin, …, Tick ───────┘                      └─▶ ChunkRecorded, replies (to control and
//   lanes)

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/batches.h"
#include "model/budget.h"
#include "model/clock.h"
#include "model/ids.h"

namespace flusso::stages {

// One read of one chunk: a chunk that is read again gets a new ticket.
struct Ticket {
  std::uint32_t value = 0;
  auto operator<=>(const Ticket&) const = default;
};

// Fanout has seen a group: it consists of `parts` parts (its direct keys, its lookups …).
// A later source of keys (a search for the documents of old rows, a TRUNCATE) is one more part that ends later.
struct GroupAnnounced {
  GroupSeq seq;
  std::optional<Lsn> end_lsn;
  std::uint32_t parts = 0;
  std::shared_ptr<Lease> change_lease;  // shrinks when the group's documents are known, freed when it is confirmed
  bool searches = false;                // a page of found documents will come: see KeyPage::found
};

// Keys that a group touches. The last page of a part carries how many pages the part had, since pages may overtake.
struct KeyPage {
  GroupSeq seq;
  IndexId index;
  std::vector<std::string> keys;
  Lease ids;                                   // one unit per key; empty for direct keys, which the change lease covers
  std::optional<std::uint32_t> pages_of_part;  // set on the last page of a part, itself included
  // Documents found by the tokens of old rows: what the group wanted anyway is not built a second time.
  bool found = false;
};

struct CompletedDoc {
  IndexId index;
  Targets targets;
  std::string_view key;  // in a slab of the completion
  OutcomeKind outcome = OutcomeKind::applied;
};
struct Completion {
  SinkId sink;
  std::vector<CompletedDoc> docs;
  std::vector<std::shared_ptr<const Slab>> slabs;
};

// A document that the source could not build and that the policy skips.
struct BuildFailed {
  IndexId index;
  Targets targets;
  std::string key;
};
struct BuildFinished {
  IndexId index;
};
// A batch that ended early: its tables are locked, or its statement took too long. What is left is queued again, after
// a while and one batch at a time, so that other indexes have the lanes.
struct BuildDeferred {
  IndexId index;
  std::vector<BuildItem> left;
  bool too_slow = false;  // a smaller batch may do
};

struct ChunkStart {
  Ticket ticket;
  IndexId index;
};
struct SeedDocs {
  Ticket ticket;
  DocBatch batch;
};
struct ChunkEnd {
  Ticket ticket;
  std::uint32_t batches = 0;  // SeedDocs sent for it
  bool complete = true;       // false: the read failed; nothing is recorded, the chunk will be read again
};

// From now on documents of `index` go to `targets`. `seeding`: the bits whose seed may begin (subset of targets). A bit
// under construction is a target from the start of the run, but counts as seeding only once the seed fence has passed:
// a live read before that may lack a transaction that is neither in the stream nor visible yet, and must not keep a
// seed document out.
struct SetTargets {
  IndexId index;
  Targets targets;
  Targets seeding;
};
// Answered once every attempt of the index that is in flight now has ended, and every chunk of it that has begun to
// read now is durable or given up.
struct BarrierRequest {
  IndexId index;
  std::uint64_t id = 0;
};
// Answered when no group is open and no document is in flight.
struct IdleRequest {
  std::uint64_t id = 0;
};
struct Tick {
  SteadyTime now;
};

using LedgerEvent = std::variant<GroupAnnounced, KeyPage, Completion, BuildFailed, BuildFinished, BuildDeferred,
                                 ChunkStart, SeedDocs, ChunkEnd, SetTargets, BarrierRequest, IdleRequest, Tick>;

// A group is durable everywhere.
struct Settled {
  GroupSeq seq;
  std::optional<Lsn> end_lsn;
  std::shared_ptr<Lease> change_lease;
};

// What one event made the ledger say, in no particular order between the lists.
struct LedgerOut {
  std::vector<BuildBatch> builds;
  std::vector<DocBatch> seed_docs;
  std::vector<Settled> settled;
  std::vector<Ticket> may_start;        // chunks whose transaction may begin now
  std::vector<Ticket> recorded;         // chunks whose every document is durable
  std::vector<std::uint64_t> answered;  // barriers and idle requests
  std::vector<std::string> alarms;      // a generation in use is gone: what to tell the operator
};

}  // namespace flusso::stages
