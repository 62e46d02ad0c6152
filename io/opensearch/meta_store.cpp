#include "io/opensearch/meta_store.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "model/log.h"

namespace flusso::opensearch {
namespace {

using http::Method;
using Json = nlohmann::json;
constexpr Logger kMetaLog{"sink"};

std::optional<Generation> generation_at(const Json& record, const char* key) {
  const auto found = record.find(key);
  if (found == record.end() || !found->is_number_integer()) return std::nullopt;
  const auto number = found->get<std::int64_t>();
  if (number < 1 || number > UINT32_MAX) return std::nullopt;
  return Generation{static_cast<std::uint32_t>(number)};
}

std::string text_at(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json meta_mappings() {
  return {{"dynamic", false},
          {"properties", {{"active_generation", {{"type", "long"}}}, {"seeded", {{"type", "boolean"}}}}}};
}

// The `_source` of a GET _doc answer exactly as it was stored.
std::optional<std::string> source_of(const std::string& body) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string text(body);
  simdjson::ondemand::document document;
  simdjson::ondemand::object source;
  std::string_view raw;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS) return std::nullopt;
  if (document.find_field_unordered("_source").get_object().get(source) != simdjson::SUCCESS) return std::nullopt;
  if (source.raw_json().get(raw) != simdjson::SUCCESS) return std::nullopt;
  return std::string(raw);
}

// A 404 that comes from the cluster itself: the document or the whole index is not there.
bool says_absent(const std::string& body) {
  const Json answer = Json::parse(body, nullptr, false);
  if (!answer.is_object()) return false;
  if (const auto found = answer.find("found"); found != answer.end()) return found->is_boolean() && !found->get<bool>();
  const auto error = answer.find("error");
  return error != answer.end() && error->is_object() && text_at(*error, "type") == "index_not_found_exception";
}

}  // namespace

std::string render_record(const IndexRecord& record) {
  Json out = {{"active_generation", record.active.number}, {"seeded", record.seeded}};
  if (!record.uuid.empty()) out["index_uuid"] = record.uuid;
  if (record.staged) {
    out["staged_generation"] = record.staged->number;
    out["staged_uuid"] = record.staged_uuid;
  }
  return out.dump();
}

std::optional<IndexRecord> parse_record(const std::string& text) {
  const Json parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  const auto active = generation_at(parsed, "active_generation");
  if (!active) return std::nullopt;
  IndexRecord record;
  record.active = *active;
  const auto seeded = parsed.find("seeded");
  record.seeded = seeded != parsed.end() && seeded->is_boolean() && seeded->get<bool>();
  record.uuid = text_at(parsed, "index_uuid");
  record.staged = generation_at(parsed, "staged_generation");
  record.staged_uuid = text_at(parsed, "staged_uuid");
  return record;
}

MetaStore::MetaStore(Cluster& cluster, const std::string& prefix, std::uint32_t replicas)
    : cluster_(cluster), index_(prefix + "flusso_meta"), replicas_(replicas) {}

std::string MetaStore::document(const std::string& id) const {
  return "/" + index_ + "/_doc/" + http::percent_encode(id);
}

Status MetaStore::ensure() {
  FLUSSO_TRY_ASSIGN(const http::Reply head, cluster_.call(Method::head, "/" + index_, {}, {404}));
  if (head.status != 404) return adopt();
  const Json body = {
      {"settings", {{"index", {{"hidden", true}, {"number_of_shards", 1}, {"number_of_replicas", replicas_}}}}},
      {"mappings", meta_mappings()}};
  FLUSSO_TRY_ASSIGN(const http::Reply created, cluster_.call(Method::put, "/" + index_, body.dump(), {400}));
  if (created.status != 400) return {};
  if (created.body.find("resource_already_exists_exception") != std::string::npos) return adopt();
  return fail(cluster_.error(ErrorKind::permanent, "http.400", fmt::format("PUT /{} was answered 400", index_)));
}

// An index made by a plain write maps every new key; our records would end up as fields.
Status MetaStore::adopt() {
  FLUSSO_TRY_ASSIGN(const http::Reply reply,
                    cluster_.call(Method::get, "/" + index_ + "/_mapping?filter_path=*.mappings.dynamic"));
  if (reply.body.find("\"false\"") != std::string::npos) return {};
  FLUSSO_TRY(
      cluster_.call(Method::put, "/" + index_ + "/_mapping", R"({"dynamic":false})").map([](const http::Reply&) {}));
  const auto hidden = cluster_.call(Method::put, "/" + index_ + "/_settings", R"({"index":{"hidden":true}})");
  if (!hidden)
    kMetaLog.warn("bookkeeping index stays visible", kv("sink", cluster_.sink()), kv("reason", hidden.error().what));
  return {};
}

Result<std::optional<std::string>> MetaStore::load(const std::string& id) {
  FLUSSO_TRY_ASSIGN(const http::Reply reply, cluster_.call(Method::get, document(id), {}, {404}));
  if (reply.status == 404) {
    if (says_absent(reply.body)) return std::nullopt;
    return fail(cluster_.error(ErrorKind::permanent, "http.404",
                               fmt::format("GET {} was answered 404, but not by OpenSearch", document(id))));
  }
  std::optional<std::string> source = source_of(reply.body);
  if (!source)
    return fail(cluster_.error(ErrorKind::transient, "os.bad_answer",
                               fmt::format("GET {} gave an answer that cannot be read", document(id))));
  return source;
}

Status MetaStore::save(const std::string& id, const std::string& text) {
  FLUSSO_TRY(cluster_.call(Method::put, document(id), text).map([](const http::Reply&) {}));
  return {};
}

Status MetaStore::remove(const std::string& id) {
  FLUSSO_TRY_ASSIGN(const http::Reply reply, cluster_.call(Method::del, document(id), {}, {404}));
  if (reply.status == 404 && reply.body.find("not_found") == std::string::npos)
    return fail(cluster_.error(ErrorKind::permanent, "http.404",
                               fmt::format("DELETE {} was answered 404, but not by OpenSearch", document(id))));
  return {};
}

}  // namespace flusso::opensearch
