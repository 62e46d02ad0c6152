#pragma once
// {prefix}flusso_meta: a small hidden index with one document per thing to remember. Documents are written durably and
// read in real time by id, never searched, so the mapping indexes nothing but the two fields that other versions read.
// Per hash alias: {"active_generation":n,"seeded":bool} plus, of our own, "index_uuid", "staged_generation",
// "staged_uuid". Thread: control only.

#include <cstdint>
#include <optional>
#include <string>

#include "io/opensearch/cluster.h"
#include "model/ids.h"

namespace flusso::opensearch {

// What is remembered about one hash alias.
struct IndexRecord {
  Generation active;
  bool seeded = false;
  std::string uuid;  // of the active concrete index; empty when another version wrote the record
  std::optional<Generation> staged;
  std::string staged_uuid;
};
std::string render_record(const IndexRecord& record);
// Nothing when the text is not such a record.
std::optional<IndexRecord> parse_record(const std::string& json);

class MetaStore {
 public:
  MetaStore(Cluster& cluster, const std::string& prefix, std::uint32_t replicas);

  // Creates the index, or stops one that was created implicitly from mapping whatever is written.
  Status ensure();
  Result<std::optional<std::string>> load(const std::string& id);
  Status save(const std::string& id, const std::string& json);
  Status remove(const std::string& id);

 private:
  Status adopt();
  std::string document(const std::string& id) const;

  Cluster& cluster_;
  const std::string index_;
  const std::uint32_t replicas_;
};

}  // namespace flusso::opensearch
