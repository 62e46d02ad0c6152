#include "io/config/config_json.h"

#include <nlohmann/json.hpp>

#include "io/config/schema_json.h"

namespace flusso::config {
namespace {

using Json = nlohmann::json;

Json secret(const EnvOrValue& value) {
  if (const auto* reference = std::get_if<EnvReference>(&value)) return Json{{"env", reference->variable}};
  return Json{{"value", "***"}};
}

Json source(const SourceConfig& source) {
  Json out{{"source_type", "postgres"},
           {"manage_publication", source.manage_publication},
           {"on_slot_lost", source.on_slot_lost == SlotLossPolicy::reseed ? "reseed" : "stop"},
           {"wal_warning_mib", source.wal_warning_mib},
           {"heartbeat_secs", source.heartbeat_secs}};
  if (!source.spill_dir.empty()) out["spill_dir"] = source.spill_dir;
  if (const auto* url = std::get_if<EnvOrValue>(&source.connection_url)) out["connection"] = {{"url", secret(*url)}};
  if (const auto* parts = std::get_if<ConnectionParts>(&source.connection_url)) {
    Json given{{"host", parts->host}, {"port", parts->port}, {"user", parts->user}, {"database", parts->database}};
    if (parts->password) given["password"] = secret(*parts->password);
    out["connection"] = {{"parts", std::move(given)}};
  }
  return out;
}

Json sink(const OpenSearchSinkConfig& sink) {
  Json out{{"tls_verify", sink.tls_verify},
           {"batch_size", sink.batch_size},
           {"max_bytes", sink.max_bytes},
           {"timeout_secs", sink.timeout_secs},
           {"max_retries", sink.max_retries},
           {"number_of_shards", sink.number_of_shards},
           {"number_of_replicas", sink.number_of_replicas},
           {"refresh_interval", sink.refresh_interval},
           {"text_analysis", sink.text_analysis == TextAnalysis::icu ? "icu" : "builtin"},
           {"auto_subfields", sink.auto_subfields}};
  if (sink.url) out["url"] = secret(*sink.url);
  if (sink.username) out["username"] = secret(*sink.username);
  if (sink.password) out["password"] = secret(*sink.password);
  if (sink.pipeline) out["pipeline"] = *sink.pipeline;
  return out;
}

std::string_view policy(FailurePolicy policy) { return policy == FailurePolicy::skip ? "skip" : "stop"; }

Json mapping_field(const MappingField& field) {
  Json mapping = Json::object();
  for (const auto& [name, value] : field.options) mapping[name] = tagged(value);
  mapping["type"] = field.type;
  Json out{{"name", field.name}, {"nullable", field.nullable}, {"mapping", std::move(mapping)}};
  if (field.array) out["array"] = true;
  if (!field.children.empty()) {
    Json children = Json::array();
    for (const MappingField& child : field.children) children.push_back(mapping_field(child));
    out["children"] = std::move(children);
  }
  return out;
}

}  // namespace

Json tagged(const Value& value) {
  struct Tagged {
    Json operator()(std::monostate) const { return "Null"; }
    Json operator()(bool flag) const { return {{"Bool", flag}}; }
    Json operator()(std::int64_t number) const { return {{"BigInt", number}}; }
    Json operator()(const Digits& digits) const { return {{"Decimal", digits.text}}; }
    Json operator()(const std::string& text) const { return {{"String", text}}; }
    Json operator()(const ValueList& values) const {
      Json list = Json::array();
      for (const Value& item : values) list.push_back(tagged(item));
      return {{"Array", std::move(list)}};
    }
    Json operator()(const ValueMap& entries) const {
      Json map = Json::object();
      for (const auto& [key, item] : entries) map[key] = tagged(item);
      return {{"Map", std::move(map)}};
    }
  };
  return std::visit(Tagged{}, value.data);
}

Json to_json(const Config& config) {
  Json sinks = Json::object();
  for (const SinkConfig& one : config.sinks) {
    if (const auto* opensearch = std::get_if<OpenSearchSinkConfig>(&one.kind))
      sinks[one.name] = Json{{"opensearch", sink(*opensearch)}};
    else
      sinks[one.name] = Json{{"stdout", {{"pretty", std::get<StdoutSinkConfig>(one.kind).pretty}}}};
  }
  Json indexes = Json::object();
  for (const IndexConfig& index : config.indexes) {
    Json one{{"enabled", index.enabled}, {"schema", to_json(index.schema)}};
    if (index.on_error) one["on_error"] = policy(*index.on_error);
    indexes[index.name] = std::move(one);
  }
  Json server = Json::object();
  if (config.server.public_address) server["public_address"] = *config.server.public_address;
  if (config.server.private_address) server["private_address"] = *config.server.private_address;
  return Json{{"source", source(config.source)},     {"sinks", std::move(sinks)},   {"indexes", std::move(indexes)},
              {"on_error", policy(config.on_error)}, {"server", std::move(server)}, {"prefix", config.prefix}};
}

Json to_json(const IndexMapping& mapping, const std::string& prefix) {
  Json fields = Json::array();
  for (const MappingField& field : mapping.fields) fields.push_back(mapping_field(field));
  return Json{{"index", mapping.name},
              {"hash", mapping.hash},
              {"name_hash", prefix + mapping.name + "_" + mapping.hash},
              {"fields", std::move(fields)}};
}

}  // namespace flusso::config
