#pragma once
// The sync records (model/ports/records.h) as JSON documents in flusso_meta:
//   source:<slot>   {system_id, database_oid, timeline, slot, claimed_lsn, last_commit: {end_lsn, xid},
//                    following: [{alias, generation, uuid}]}
//   seed:<alias>    {generation, slot, system_id, filenode, chunks: [{kind, schema, table, from, to, rows}]}
//   done:<alias>    {generation, done}      rewritten often, so it is apart from the chunks
// Thread: control only.

#include "model/ports/sink.h"

namespace flusso::opensearch {

class OsSyncRecords final : public SyncRecords {
 public:
  explicit OsSyncRecords(IndexAdmin& admin) : admin_(admin) {}

  Result<std::optional<SourceRecord>> load_source(const std::string& slot) override;
  Status save_source(const SourceRecord& record) override;
  Result<std::optional<SeedRecord>> load_seed(const std::string& hash_alias) override;
  Status save_seed(const std::string& hash_alias, const SeedRecord& record) override;
  Status save_seed_progress(const std::string& hash_alias, Generation generation, const std::string& done) override;
  Status remove_seed(const std::string& hash_alias) override;
  Result<std::optional<CatalogState>> load_catalog(const std::string& slot) override;
  Status save_catalog(const std::string& slot, const CatalogState& state) override;

 private:
  IndexAdmin& admin_;
};

}  // namespace flusso::opensearch
