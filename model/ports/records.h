#pragma once
// What a sink remembers about us between runs: which history it follows (design 6-i) and how far a seed has come (6-e).
// Kept in {prefix}flusso_meta, next to the data it speaks of.

#include <optional>
#include <string>
#include <vector>

#include "model/catalog_state.h"
#include "model/ids.h"
#include "model/ports/source.h"
#include "model/result.h"

namespace flusso {

struct FollowedIndex {
  std::string hash_alias;
  Generation generation;
  std::string uuid;                 // of the concrete index
  std::vector<std::string> traced;  // traced_tables() of the plan that its documents were built with
  bool paused = false;              // it has been left out since, and so may have missed changes
  bool operator==(const FollowedIndex&) const = default;
};

// A transaction by where it ends: the same place holding another one means that history was rewritten.
struct CommitMark {
  Lsn end_lsn;
  Xid xid;
  bool operator==(const CommitMark&) const = default;
};

// The slot's identity as this sink last saw it. Written before a position is confirmed to the source.
struct SourceRecord {
  std::string system_id;
  std::uint32_t database_oid = 0;
  std::uint32_t timeline = 0;
  std::string slot;
  Lsn claimed;                            // nothing above it has ever been confirmed
  std::optional<CommitMark> last_commit;  // the last one known at or below `claimed`
  std::vector<FollowedIndex> following;
};

// A seed under way: its chunks, written before the first is read, and which of them are done.
struct SeedRecord {
  Generation generation;
  std::string slot;
  std::string system_id;
  ChunkPlan plan;
  std::string done;  // stages::pack_bitmap
};

// Thread: control only; every call blocks and is durable when it returns.
class SyncRecords {
 public:
  virtual ~SyncRecords() = default;
  virtual Result<std::optional<SourceRecord>> load_source(const std::string& slot) = 0;
  virtual Status save_source(const SourceRecord& record) = 0;
  virtual Result<std::optional<SeedRecord>> load_seed(const std::string& hash_alias) = 0;
  // The plan and an empty bitmap, or only how far it is.
  virtual Status save_seed(const std::string& hash_alias, const SeedRecord& record) = 0;
  virtual Status save_seed_progress(const std::string& hash_alias, Generation generation, const std::string& done) = 0;
  virtual Status remove_seed(const std::string& hash_alias) = 0;
  // What the catalog said when every index that is followed was known to be complete or was being built anew.
  virtual Result<std::optional<CatalogState>> load_catalog(const std::string&) { return std::optional<CatalogState>(); }
  virtual Status save_catalog(const std::string&, const CatalogState&) { return {}; }
};

}  // namespace flusso
