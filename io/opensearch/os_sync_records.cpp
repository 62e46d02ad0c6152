#include "io/opensearch/os_sync_records.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "io/opensearch/catalog_json.h"

namespace flusso::opensearch {
namespace {

using Json = nlohmann::json;

std::string source_id(const std::string& slot) { return "source:" + slot; }
std::string seed_id(const std::string& alias) { return "seed:" + alias; }
std::string catalog_id(const std::string& slot) { return "catalog:" + slot; }
std::string done_id(const std::string& alias) { return "done:" + alias; }

// What somebody else wrote over our record is as good as no record; `read` may throw on any surprise.
template <class T, class Read>
std::optional<T> parse(const std::string& text, Read&& read) {
  try {
    return read(Json::parse(text));
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

SourceRecord source_from(const Json& stored) {
  SourceRecord record;
  record.system_id = stored.at("system_id").get<std::string>();
  record.database_oid = stored.at("database_oid").get<std::uint32_t>();
  record.timeline = stored.at("timeline").get<std::uint32_t>();
  record.slot = stored.at("slot").get<std::string>();
  record.claimed = parse_lsn(stored.at("claimed_lsn").get<std::string>()).value_or(Lsn{});
  if (const auto last = stored.find("last_commit"); last != stored.end())
    if (const auto end = parse_lsn(last->at("end_lsn").get<std::string>()))
      record.last_commit = CommitMark{*end, Xid{last->at("xid").get<std::uint32_t>()}};
  for (const Json& entry : stored.at("following"))
    record.following.push_back(
        FollowedIndex{entry.at("alias").get<std::string>(), Generation{entry.at("generation").get<std::uint32_t>()},
                      entry.at("uuid").get<std::string>(), entry.value("traced", std::vector<std::string>()),
                      entry.value("paused", false)});
  return record;
}

SeedRecord seed_from(const Json& stored) {
  SeedRecord record;
  record.generation = Generation{stored.at("generation").get<std::uint32_t>()};
  record.slot = stored.at("slot").get<std::string>();
  record.system_id = stored.at("system_id").get<std::string>();
  record.plan.filenode = stored.at("filenode").get<std::uint32_t>();
  for (const Json& entry : stored.at("chunks")) {
    Chunk chunk;
    chunk.kind = entry.at("kind").get<std::string>() == "ctid" ? Chunk::Kind::ctid : Chunk::Kind::key;
    chunk.table = TableRef{entry.at("schema").get<std::string>(), entry.at("table").get<std::string>()};
    chunk.from = entry.at("from").get<std::string>();
    chunk.to = entry.at("to").get<std::string>();
    chunk.rows = entry.at("rows").get<double>();
    record.plan.chunks.push_back(std::move(chunk));
  }
  return record;
}

}  // namespace

Result<std::optional<SourceRecord>> OsSyncRecords::load_source(const std::string& slot) {
  FLUSSO_TRY_ASSIGN(const auto text, admin_.load(source_id(slot)));
  if (!text) return std::optional<SourceRecord>();
  return parse<SourceRecord>(*text, source_from);
}

Status OsSyncRecords::save_source(const SourceRecord& record) {
  Json following = Json::array();
  for (const FollowedIndex& f : record.following) {
    following.push_back(
        {{"alias", f.hash_alias}, {"generation", f.generation.number}, {"uuid", f.uuid}, {"traced", f.traced}});
    if (f.paused) following.back()["paused"] = true;
  }
  Json json = {{"system_id", record.system_id}, {"database_oid", record.database_oid},    {"timeline", record.timeline},
               {"slot", record.slot},           {"claimed_lsn", to_text(record.claimed)}, {"following", following}};
  if (record.last_commit)
    json["last_commit"] = {{"end_lsn", to_text(record.last_commit->end_lsn)}, {"xid", record.last_commit->xid.value}};
  return admin_.save(source_id(record.slot), json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<std::optional<CatalogState>> OsSyncRecords::load_catalog(const std::string& slot) {
  FLUSSO_TRY_ASSIGN(const auto text, admin_.load(catalog_id(slot)));
  if (!text) return std::optional<CatalogState>();
  return parse<CatalogState>(*text, catalog_from);
}

Status OsSyncRecords::save_catalog(const std::string& slot, const CatalogState& state) {
  return admin_.save(catalog_id(slot), catalog_json(state).dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<std::optional<SeedRecord>> OsSyncRecords::load_seed(const std::string& hash_alias) {
  FLUSSO_TRY_ASSIGN(const auto text, admin_.load(seed_id(hash_alias)));
  if (!text) return std::optional<SeedRecord>();
  auto record = parse<SeedRecord>(*text, seed_from);
  if (!record) return record;
  FLUSSO_TRY_ASSIGN(const auto progress, admin_.load(done_id(hash_alias)));
  if (!progress) return record;
  const auto done = parse<std::string>(*progress, [&](const Json& stored) -> std::string {
    const bool same = stored.at("generation").get<std::uint32_t>() == record->generation.number;
    return same ? stored.at("done").get<std::string>() : std::string();
  });
  record->done = done.value_or("");
  return record;
}

Status OsSyncRecords::save_seed(const std::string& hash_alias, const SeedRecord& record) {
  Json chunks = Json::array();
  for (const Chunk& chunk : record.plan.chunks)
    chunks.push_back({{"kind", chunk.kind == Chunk::Kind::ctid ? "ctid" : "key"},
                      {"schema", chunk.table.schema},
                      {"table", chunk.table.name},
                      {"from", chunk.from},
                      {"to", chunk.to},
                      {"rows", chunk.rows}});
  const Json json = {{"generation", record.generation.number},
                     {"slot", record.slot},
                     {"system_id", record.system_id},
                     {"filenode", record.plan.filenode},
                     {"chunks", chunks}};
  // The old bitmap goes first: beside a new plan it would claim chunks that were never read.
  FLUSSO_TRY(save_seed_progress(hash_alias, record.generation, record.done));
  return admin_.save(seed_id(hash_alias), json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Status OsSyncRecords::save_seed_progress(const std::string& hash_alias, Generation generation,
                                         const std::string& done) {
  const Json json = {{"generation", generation.number}, {"done", done}};
  return admin_.save(done_id(hash_alias), json.dump());
}

Status OsSyncRecords::remove_seed(const std::string& hash_alias) {
  // The plan goes last: as long as load_seed finds it, something is left to be removed.
  FLUSSO_TRY(admin_.remove(done_id(hash_alias)));
  return admin_.remove(seed_id(hash_alias));
}

}  // namespace flusso::opensearch
