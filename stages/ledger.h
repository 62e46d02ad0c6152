#pragma once
// The one place that knows every document in flight. It guarantees
//   - at most one attempt per (document, sink): writes reach a sink in the order of their reads;
//   - an attempt counts for a group only if the group's change was known before the attempt began to read;
//   - a group settles when every (document, sink) it touched is durable; a chunk likewise;
//   - a seed document never overwrites a newer read (design 6-e).
//
// State of one (document, sink):
//
//     want                dispatch            applied, not dirty
//   ───────▶ queued ─────────────────▶ busy ─────────────────────▶ (forgotten)
//              ▲                        │  want: dirty
//              │   applied, dirty       │
//              │   not read (deferred)  │
//              ├────────────────────────┤
//              │   one timeout passed   │ in doubt
//              └──────── doubt ◀────────┘
//
// Thread: one (the ledger node). Pure: no clock, no I/O; time comes with Tick.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "stages/events.h"
#include "stages/sink_mask.h"
#include "stages/touched.h"

namespace flusso::stages {

struct LedgerLimits {
  std::uint32_t build_batch = 256;     // documents per BuildBatch
  std::uint32_t builds_in_flight = 4;  // BuildBatches out at once; more keys wait here and coalesce
  Millis first_deferral{250};          // how long an index waits whose batch could not be read; doubles
  Millis longest_deferral{4000};
  Millis in_doubt_wait{30000};             // how long a write in doubt may still land
  std::size_t touched_budget = 2'000'000;  // remembered (document, sink) pairs while seeding
  std::size_t wanted_budget = 16'384;      // documents of one group that a search may find again
  // What a group whose documents are all known keeps of its lease, one part in so many: its rows are gone, and left are
  // the documents that it named itself and who waits for them.
  std::uint64_t resolved_part = 4;
};

class Ledger {
 public:
  Ledger(std::size_t indexes, LedgerLimits limits);

  // Takes one event and appends what follows from it to `out`.
  void handle(LedgerEvent event, LedgerOut& out);

  // Figures for status: documents in flight, groups open, documents waiting to be built.
  std::size_t documents() const;
  std::size_t groups() const { return groups_.size(); }
  std::size_t queued() const;
  std::size_t touched() const;

 private:
  using HolderId = std::uint32_t;

  // Who waits for a (document, sink): a group or a chunk. `next`: satisfied only by an attempt that has not begun.
  struct Waiter {
    HolderId holder = 0;
    std::uint8_t sink = 0;
    bool next = false;
    bool operator==(const Waiter&) const = default;
  };
  struct Entry {
    SinkMask queued = 0;
    SinkMask busy = 0;
    SinkMask dirty = 0;
    SinkMask doubt = 0;
    bool in_queue = false;
    std::vector<Waiter> waiters;
    bool idle() const { return (queued | busy | doubt) == 0; }
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };
  using Entries = std::unordered_map<std::string, Entry, KeyHash, std::equal_to<>>;

  struct Holder {
    bool used = false;
    bool is_chunk = false;
    std::uint64_t pending = 0;  // (document, sink) pairs
    // group
    GroupSeq seq;
    std::optional<Lsn> end_lsn;
    std::shared_ptr<Lease> change_lease;
    bool announced = false;
    std::uint32_t parts = 0, parts_ended = 0;
    std::uint64_t pages_expected = 0, pages_seen = 0;
    std::unique_ptr<std::unordered_set<std::string>> wanted;  // its documents; only while a search may find them again
    bool resolved() const { return announced && parts_ended == parts && pages_seen == pages_expected; }
    // chunk
    Ticket ticket;
    IndexId index;
    std::uint64_t started_at = 0;  // event number
    std::optional<std::uint32_t> batches_expected;
    std::uint32_t batches_seen = 0;
    bool failed = false;
  };
  struct Doubt {
    std::optional<SteadyTime> until;  // set by the next Tick: the time known when the doubt arose may lag behind
    IndexId index;
    std::string key;
    SinkMask sinks = 0;
  };
  struct Barrier {
    std::uint64_t id = 0;
    IndexId index;
    std::unordered_set<std::string> waiting;  // key + sink
    std::unordered_set<HolderId> chunks;
    bool passed() const { return waiting.empty() && chunks.empty(); }
  };
  struct Index {
    Targets targets;
    Targets seeding;
    Entries entries;
    std::deque<Entries::value_type*> queue;  // entries with queued != 0, each once
    Touched touched;
    // Its last batch could not be read: one batch at a time goes out, each after a while, until one is read.
    struct Deferral {
      bool on = false;
      bool trying = false;  // that batch is out
      Millis wait{0};
      std::optional<SteadyTime> until;  // set by the next Tick
    } deferral;
    std::uint32_t batch = 0;  // documents per batch; less than the limit while statements take too long
    bool waits(SteadyTime now) const {
      return deferral.on && (deferral.trying || !deferral.until || *deferral.until > now);
    }
  };

  void on(GroupAnnounced& event, LedgerOut& out);
  void on(KeyPage& event, LedgerOut& out);
  void on(Completion& event, LedgerOut& out);
  void on(BuildFailed& event, LedgerOut& out);
  void on(BuildFinished& event, LedgerOut& out);
  void on(BuildDeferred& event, LedgerOut& out);
  void on(ChunkStart& event, LedgerOut& out);
  void on(SeedDocs& event, LedgerOut& out);
  void on(ChunkEnd& event, LedgerOut& out);
  void on(SetTargets& event, LedgerOut& out);
  void on(BarrierRequest& event, LedgerOut& out);
  void on(IdleRequest& event, LedgerOut& out);
  void on(Tick& event, LedgerOut& out);

  Index& index(IndexId id) { return indexes_[id.value]; }
  HolderId group(GroupSeq seq);
  HolderId new_holder();
  void want(IndexId id, std::string key, HolderId holder);
  std::uint64_t units_of_ids() const;
  void group_grew(HolderId id, LedgerOut& out);
  void wait_for(Entry& entry, HolderId holder, std::uint8_t sink, bool next);
  enum class Place { back, front };
  void enqueue(Index& index, Entries::value_type& entry, SinkMask sinks, Place place = Place::back);
  void finish(IndexId id, std::string_view key, SinkMask sink, OutcomeKind outcome, LedgerOut& out);
  void release(Entry& entry, std::uint8_t sink, LedgerOut& out);
  void holder_changed(HolderId id, LedgerOut& out);
  void dispatch(LedgerOut& out);
  void forget_touched(Index& index);
  void start_chunks(LedgerOut& out);
  void answer_idle(LedgerOut& out);
  void pass_barriers(IndexId id, std::string_view key, std::uint8_t sink, LedgerOut& out);
  void pass_barriers(HolderId chunk, LedgerOut& out);
  void answer_barriers(LedgerOut& out);

  const LedgerLimits limits_;
  std::vector<Index> indexes_;
  std::vector<Holder> holders_;
  std::vector<HolderId> free_holders_;
  std::unordered_map<std::uint64_t, HolderId> groups_;  // by GroupSeq
  std::unordered_map<std::uint32_t, HolderId> chunks_;  // by Ticket, until ended
  std::deque<ChunkStart> waiting_starts_;
  std::deque<Doubt> doubts_;
  std::vector<Barrier> barriers_;
  std::vector<std::uint64_t> idle_requests_;
  Lease ids_;                  // units of the id account, see units_of_ids()
  std::uint64_t waiting_ = 0;  // groups and chunks that wait, counted once per document and sink
  std::uint32_t builds_out_ = 0;
  SteadyTime now_{};  // as of the last Tick
  std::uint64_t event_number_ = 0;
  std::size_t next_index_ = 0;  // round robin between indexes
};

}  // namespace flusso::stages
