#pragma once
// The control plane of an OpenSearch sink: the life of an index.
//
//   (nothing) ──stage──▶ generation n under construction ──promote──▶ active, seeded ──stage──▶ … n+1 ──promote──▶ …
//
// Every step is written so that a crash before, within or after it is repaired by doing it again: generations are found
// by listing them, numbers are never reused, and the record in flusso_meta changes last.
// Thread: control only.

#include <memory>
#include <set>
#include <string>

#include "io/opensearch/cluster.h"
#include "io/opensearch/generations.h"
#include "io/opensearch/index_body.h"
#include "io/opensearch/meta_store.h"
#include "model/ports/sink.h"

namespace flusso::opensearch {

struct IndexAdminOptions {
  std::string prefix;
  std::string opaque_id;  // X-Opaque-Id of our bulk requests
  IndexBodyOptions body;
  std::string refresh_interval;  // given to an index when it is promoted
};

class OsIndexAdmin final : public IndexAdmin {
 public:
  OsIndexAdmin(http::Client client, std::string sink, IndexAdminOptions options, std::shared_ptr<OutageLog> outage);

  Status connect() override;
  Result<IndexState> state(const IndexPlan& plan) override;
  Result<Generation> stage(const IndexPlan& plan) override;
  Status accept_tokens(const IndexPlan& plan, Generation generation) override;
  Status promote(const IndexPlan& plan, Generation generation) override;
  Status retire_others(const IndexPlan& plan, Generation keep) override;
  Result<bool> exists(const IndexPlan& plan, Generation generation) override;
  Result<std::optional<std::string>> load(const std::string& id) override;
  Status save(const std::string& id, const std::string& json) override;
  Status remove(const std::string& id) override;
  Result<std::size_t> running_bulks() override;
  std::string hash_alias(const IndexPlan& plan) const override;

 private:
  struct Found {
    std::optional<IndexRecord> record;
    Generations generations;
  };
  Result<Found> find(const std::string& alias);
  Result<std::string> create_index(const IndexPlan& plan, const std::string& alias, Generation generation);
  // From whom the convenience alias may be taken: while a first generation is being built only from earlier attempts at
  // the same schema, so that readers of an older schema keep a complete index until the promote.
  enum class Takeover { same_hash, same_name };
  Status point_aliases(const IndexPlan& plan, const std::string& alias, Generation generation, Takeover takeover);
  Result<std::optional<AliasMove>> convenience_move(const IndexPlan& plan, const std::string& alias,
                                                    const std::string& target, Takeover takeover);

  const IndexAdminOptions options_;
  Cluster cluster_;
  MetaStore meta_;
  std::set<std::string> known_aliases_;  // hash aliases asked about: their bulks count as ours
};

}  // namespace flusso::opensearch
