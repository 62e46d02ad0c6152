#pragma once
// The reading side of the source: visibility, lookups, documents, scans, and its provisioning.
// Every read sees all transactions that `Visibility` reported as visible before the call.

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "model/batches.h"
#include "model/catalog_state.h"
#include "model/ids.h"
#include "model/intake.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso {

// pg_current_snapshot(): transactions below xmin are visible; below xmax unless listed in xip.
struct SnapshotXids {
  std::uint64_t xmin = 0;
  std::uint64_t xmax = 0;
  std::vector<std::uint64_t> xip;  // ascending
};

// Thread: the fence lane.
class Visibility {
 public:
  virtual ~Visibility() = default;
  virtual Result<SnapshotXids> now() = 0;
};

// How long a statement may hold its lane: until others would wait for it noticeably, or as long as it takes. Waiting
// for a lock ends soon in both cases.
enum class Patience { brief, unbounded };

// Finds document keys for values of changed rows. Thread: one instance per lane.
class RowResolver {
 public:
  virtual ~RowResolver() = default;
  // Runs one statement per path of the plan and emits distinct keys in pages of at most `page_keys`, as they arrive.
  // An error of `emit` ends the call with it.
  virtual Status resolve(const LookupPlan& plan, std::size_t page_keys,
                         const std::function<Status(IndexId, std::vector<std::string>)>& emit,
                         std::stop_token stop) = 0;
};

// Documents by key, from a snapshot taken after the call began. Thread: one instance per lane.
class DocumentSource {
 public:
  virtual ~DocumentSource() = default;
  // Puts exactly one row per item of the batch into the intake: the document, a tombstone when no row answers for the
  // key (gone, soft-deleted, filtered out), or a failure. Calls intake.flush(). Errors: transient (nothing of the rest
  // was put in; the caller retries with a new connection), cancelled.
  virtual Status read(const BuildBatch& batch, Intake& intake, std::stop_token stop) = 0;
};

// One piece of a table scan, read in its own short transaction. Texts are opaque to all but the scan.
struct Chunk {
  enum class Kind : std::uint8_t { ctid, key } kind = Kind::key;
  TableRef table;    // the table or leaf partition
  std::string from;  // ctid: first block; key: lower bound, inclusive; empty = open
  std::string to;    // exclusive; empty = open
  double rows = 0;   // estimate, for progress
};
struct ChunkPlan {
  std::vector<Chunk> chunks;
  std::uint32_t filenode = 0;  // of the scanned table when planned, for ctid chunks; a difference later = rows moved
};

// Reads whole tables in chunks. Thread: one instance per lane.
class SnapshotScan {
 public:
  virtual ~SnapshotScan() = default;
  virtual Result<ChunkPlan> plan(IndexId index) = 0;
  // Emits every document of the chunk's rows into the intake and flushes it. Error "pg.rewritten" (permanent): the
  // table was rewritten since the plan was made and the index must start over.
  virtual Status read(IndexId index, const Chunk& chunk, std::uint32_t filenode, Targets targets, Intake& intake,
                      std::stop_token stop) = 0;
};

// Where an earlier timeline of the server was left.
struct TimelineEnd {
  std::uint32_t timeline = 0;
  Lsn end;
};

// The source as found, before anything is made or changed: what tells whether it still is the history that a sink has
// followed (design 6-i).
struct SourceView {
  struct Slot {
    Lsn confirmed_flush;
    std::string invalid;  // why it can deliver nothing any more; empty = it can
  };
  std::string system_id;
  std::uint32_t database_oid = 0;
  std::string database;
  std::uint32_t timeline = 0;
  std::vector<TimelineEnd> earlier;  // timelines that led to this one
  Lsn wal_end;
  std::optional<Slot> slot;
  bool publication_missing = false;
};

// Identity of the slot and of the history it belongs to (design 6-i).
struct SourceState {
  std::string system_id;
  std::uint32_t database_oid = 0;
  std::uint32_t timeline = 0;
  std::string slot;
  Lsn confirmed_flush;
  bool slot_created = false;           // by this very call
  bool slot_skipped = false;           // moved to the present by this very call
  std::vector<TableRef> tables_added;  // to the publication by this very call
  std::uint64_t described_xid = 0;     // every transaction below it had ended before the tables were described
  std::uint64_t seed_fence_xid = 0;    // no chunk may start before every transaction below this one has ended
};

// Looks at the catalog while the stream flows. Thread: one; blocks, and takes no lock on a table.
class CatalogWatch {
 public:
  virtual ~CatalogWatch() = default;
  // What there is now, under one snapshot; a table that does not exist is left out.
  virtual Result<CatalogState> look(const std::vector<TableRef>& tables) = 0;
};

// A table as the catalog has it, and why it cannot be used.
struct TableSurvey {
  TableInfo info;  // its table is the name asked for, also when there is none
  std::optional<Error> problem;
};

// Makes the source ready and answers questions about it. Thread: control only; may block.
class SourceAdmin {
 public:
  virtual ~SourceAdmin() = default;
  // Server version and settings, privileges, tables, keys and replica identities; reports everything wrong at once.
  virtual Result<std::vector<TableInfo>> describe(const std::vector<TableRef>& tables) = 0;
  // What there is; makes and changes nothing. Errors: as prepare(), but a slot that can deliver nothing any more is
  // told, not refused.
  virtual Result<SourceView> look(const Plan& plan, std::stop_token stop) = 0;
  // Drops the slot. Only for one that can deliver nothing any more.
  virtual Status discard_slot(std::stop_token stop) = 0;
  // Publication first, then slot; existing ones are extended or used. Errors name the thing and the cure.
  virtual Result<SourceState> prepare(const Plan& plan, std::stop_token stop) = 0;
  // Waits until every transaction below `fence_xid` has ended; says every few seconds which process it waits for.
  virtual Status await_older_transactions(std::uint64_t fence_xid, std::stop_token stop) = 0;
  virtual Result<Lsn> current_wal() = 0;
  // The same as describe(), but what is wrong with one table says nothing about the others.
  virtual Result<std::vector<TableSurvey>> survey(const std::vector<TableRef>& tables) {
    FLUSSO_TRY_ASSIGN(std::vector<TableInfo> infos, describe(tables));
    std::vector<TableSurvey> surveys;
    for (TableInfo& info : infos) surveys.push_back({std::move(info), {}});
    return surveys;
  }
  // Whether the plan of one index can be kept: privileges, identities, publication, and whether the server takes its
  // statements. Errors: what is wrong with the index, permanent or config; transient when it cannot be told now.
  virtual Status examine(const Plan&) { return {}; }
  // Lets old rows carry the columns that name old parents, where that is configured and possible. True when something
  // was changed, so that the tables must be described again.
  virtual Result<bool> widen_identities(const Plan&) { return false; }
  // Null when there is nothing to be watched. Thread: control; what is made belongs to one thread.
  virtual std::unique_ptr<CatalogWatch> catalog_watch() { return nullptr; }
};

}  // namespace flusso
