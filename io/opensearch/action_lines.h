#pragma once
// Which concrete index stands behind each of an index's two slots, and the NDJSON action lines that address it:
//   {"index":{"_index":"users_f53a8889_1","_id":"42"}}      {"delete":{"_index":"users_f53a8889_1","_id":"42"}}
// Rendering is the hot path (once per document): it reads one atomic pointer and appends prepared text.
// Thread: append any; begin_run and set control, begin_run only while nothing renders.

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "model/batches.h"
#include "model/plan.h"

namespace flusso::opensearch {

class ActionLines {
 public:
  explicit ActionLines(std::string prefix);

  // Takes the names of the plan's indexes; no slot has a generation yet.
  void begin_run(const Plan& plan);
  void set(IndexId index, unsigned slot, std::optional<Generation> generation);
  // Appends one action line with its newline. The slot must have a generation.
  void append(const BulkItem& item, unsigned slot, std::string& lines) const;
  // The concrete indexes behind the set slots of these indexes, each once.
  std::vector<std::string> concrete_indexes(const std::vector<IndexId>& indexes) const;

 private:
  struct Slot {
    std::string index;          // concrete index, empty = unused
    std::string upsert_prefix;  // {"index":{"_index":"…","_id":"
    std::string delete_prefix;
  };
  struct Entry {
    std::string hash_alias;
    std::array<Slot, 2> slots;
  };
  using Table = std::vector<Entry>;
  void publish(std::unique_ptr<const Table> table);

  const std::string prefix_;
  std::mutex mutex_;                                   // writers
  std::vector<std::unique_ptr<const Table>> history_;  // tables of this run; a renderer may still read an older one
  std::atomic<const Table*> current_{nullptr};
};

}  // namespace flusso::opensearch
