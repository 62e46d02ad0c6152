#include "io/config/toml_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/config/section.h"
#include "io/config/sinks.h"
#include "io/config/toml_tree.h"
#include "io/config/values.h"
#include "model/config/addresses.h"
#include "model/config/prefix.h"
#include "model/schema/names.h"

namespace flusso::config {

namespace {

constexpr std::uint64_t kMaxWalWarningMib = 1ULL << 30U;  // a petabyte
constexpr std::uint64_t kMaxHeartbeatSecs = 86400;

const std::vector<std::pair<std::string_view, FailurePolicy>>& failure_policies() {
  static const std::vector<std::pair<std::string_view, FailurePolicy>> kPolicies = {{"stop", FailurePolicy::stop},
                                                                                    {"skip", FailurePolicy::skip}};
  return kPolicies;
}

const std::vector<std::pair<std::string_view, SlotLossPolicy>>& slot_loss_policies() {
  static const std::vector<std::pair<std::string_view, SlotLossPolicy>> kPolicies = {
      {"stop", SlotLossPolicy::stop}, {"reseed", SlotLossPolicy::reseed}};
  return kPolicies;
}

ConnectionParts read_parts(Reading& reading, const Node& node) {
  Section section(reading, node, "`connection_url`");
  ConnectionParts parts;
  const auto text = [&](std::string_view key, std::string& target) {
    const Node* value = section.optional(key);
    if (value == nullptr) return;
    auto string = read_string(reading, *value, fmt::format("`{}`", key));
    if (!string) return;
    if (string->empty() || string->find('\0') != std::string::npos)
      reading.error(value->at, fmt::format("`{}` is empty or holds a NUL character", key));
    target = std::move(*string);
  };
  text("host", parts.host);
  if (const Node* port = section.optional("port"))
    parts.port = static_cast<std::uint16_t>(read_unsigned(reading, *port, "`port`", 1, 65535).value_or(parts.port));
  text("user", parts.user);
  if (const Node* password = section.optional("password"))
    parts.password = read_env_or_value(reading, *password, "`password`");
  if (section.required("database", "the name of the database") != nullptr) text("database", parts.database);
  section.finish();
  return parts;
}

void read_connection(Reading& reading, const Node& node, SourceConfig& source) {
  if (node.text() == nullptr && node.mapping() == nullptr) {
    reading.error(node.at, fmt::format("`connection_url` is {}", kind_of(node)),
                  "a postgres:// URL, { env = \"VARIABLE\" }, or a table of host, port, user, password and database");
    return;
  }
  const auto* entries = node.mapping();
  const bool reference = entries != nullptr && std::any_of(entries->begin(), entries->end(),
                                                           [](const Entry& entry) { return entry.key == "env"; });
  if (entries != nullptr && !reference) {
    source.connection_url = read_parts(reading, node);
    return;
  }
  auto value = read_env_or_value(reading, node, "`connection_url`");
  if (!value) return;
  if (const Secret* literal = std::get_if<Secret>(&*value);
      literal != nullptr && !is_postgres_url(trimmed(literal->reveal())))
    reading.error(node.at, "`connection_url` is no Postgres URL", "postgres://… or postgresql://… without blanks");
  source.connection_url = std::move(*value);
}

// An absolute path: where a relative one would begin depends on where the file, the lock and the process are.
std::string read_folder(Reading& reading, const Node& node, std::string_view what) {
  auto path = read_string(reading, node, what);
  if (!path) return {};
  if (!path->starts_with('/') || path->find('\0') != std::string::npos)
    reading.error(node.at, fmt::format("{} is no absolute path", what), "a folder, such as \"/var/tmp\"");
  return std::move(*path);
}

SourceConfig read_source(Reading& reading, const Node& node, Mark at) {
  SourceConfig source;
  source.at = reading.at(at);
  Section section(reading, node, "`[source]`");
  if (const Node* type = section.required("type", "`postgres`")) read_word(reading, *type, "`type`", {"postgres"});
  if (const Node* url = section.optional("connection_url")) read_connection(reading, *url, source);
  if (const Node* manage = section.optional("manage_publication"))
    source.manage_publication = read_bool(reading, *manage, "`manage_publication`").value_or(true);
  if (const Node* folder = section.optional("spill_dir"))
    source.spill_dir = read_folder(reading, *folder, "`spill_dir`");
  if (const Node* partial = section.optional("allow_partial_publication"))
    source.allow_partial_publication = read_bool(reading, *partial, "`allow_partial_publication`").value_or(false);
  if (const Node* manage = section.optional("manage_replica_identity"))
    source.manage_replica_identity = read_bool(reading, *manage, "`manage_replica_identity`").value_or(false);
  if (const Node* policy = section.optional("on_slot_lost"))
    source.on_slot_lost =
        read_choice(reading, *policy, "`on_slot_lost`", slot_loss_policies()).value_or(source.on_slot_lost);
  const auto number = [&](std::string_view key, std::uint32_t& target, std::uint64_t most) {
    if (const Node* value = section.optional(key))
      target = static_cast<std::uint32_t>(
          read_unsigned(reading, *value, fmt::format("`{}`", key), 0, most).value_or(target));
  };
  number("wal_warning_mib", source.wal_warning_mib, kMaxWalWarningMib);
  number("heartbeat_secs", source.heartbeat_secs, kMaxHeartbeatSecs);
  section.finish();
  return source;
}

ServerConfig read_server(Reading& reading, const Node& node) {
  ServerConfig server;
  Section section(reading, node, "`[server]`");
  const auto address = [&](std::string_view key) -> std::optional<std::string> {
    const Node* value = section.optional(key);
    if (value == nullptr) return std::nullopt;
    auto text = read_string(reading, *value, fmt::format("`{}`", key));
    if (text && !is_socket_address(*text))
      reading.error(value->at, fmt::format("`{}` is no address", key), "IP:port, such as \"127.0.0.1:9464\"");
    return text;
  };
  server.public_address = address("public_address");
  server.private_address = address("private_address");
  section.finish();
  return server;
}

std::optional<IndexConfig> read_index(Reading& reading, const Node& node, ConfigFile& file) {
  Section section(reading, node, "`[[index]]`");
  if (!section.usable()) return std::nullopt;
  IndexConfig index;
  index.at = reading.at(section.at());
  const Node* name = section.required("name", "the name of the index");
  if (name != nullptr) {
    if (const auto text = read_string(reading, *name, "`name`")) {
      NameResult parsed = parse_index_name(*text);
      if (parsed)
        index.name = std::move(*parsed);
      else
        reading.error(name->at, fmt::format("the index name `{}` is not a valid name: {}", *text, parsed.error()));
    }
    index.at = reading.at(name->at);
  }
  if (const Node* path = section.required("schema", "the path of the index's *.schema.yml"))
    if (auto text = read_string(reading, *path, "`schema`")) {
      if (!text->ends_with(".yml") && !text->ends_with(".yaml"))
        reading.error(path->at, fmt::format("`schema` is `{}`", *text), "a path that ends in .yml or .yaml");
      else
        index.schema_path = std::move(*text);
      file.schema_places.try_emplace(index.schema_path, reading.at(path->at));
    }
  if (const Node* enabled = section.required("enabled", "`true` or `false`"))
    index.enabled = read_bool(reading, *enabled, "`enabled`").value_or(true);
  if (const Node* policy = section.optional("on_error"))
    index.on_error = read_choice(reading, *policy, "`on_error`", failure_policies());
  section.finish();
  return index;
}

void read_indexes(Reading& reading, const Node& node, ConfigFile& file) {
  std::vector<IndexConfig>& indexes = file.config.indexes;
  const auto* list = node.list();
  if (list == nullptr) {
    reading.error(node.at, fmt::format("`index` is {}", kind_of(node)), "one `[[index]]` entry per index");
    return;
  }
  std::map<std::string, int> lines;  // by name
  for (const Node& item : *list) {
    auto index = read_index(reading, item, file);
    if (!index) continue;
    const auto [first, fresh] = lines.try_emplace(index->name, index->at.line);
    if (!fresh && !index->name.empty())
      reading.error(Mark{index->at.line, index->at.column},
                    fmt::format("the index name `{}` is already taken on line {}", index->name, first->second));
    indexes.push_back(std::move(*index));
  }
  std::stable_sort(indexes.begin(), indexes.end(),
                   [](const IndexConfig& a, const IndexConfig& b) { return a.name < b.name; });
}

}  // namespace

std::optional<ConfigFile> read_config(std::string_view text, Reading& reading) {
  const auto root = parse_toml(text, reading);
  if (!root) return std::nullopt;
  return read_config(*root, reading);
}

std::optional<ConfigFile> read_config(const Node& root, Reading& reading) {
  Section section(reading, root, "the configuration");
  ConfigFile file;
  Config& config = file.config;
  const Entry* source = section.entry("source");
  if (source == nullptr)
    reading.error(root.at, "the configuration is missing `[source]`", "the database to read from");
  else
    config.source = read_source(reading, source->value, source->at);
  if (const Node* sinks = section.optional("sinks")) config.sinks = read_sinks(reading, *sinks);
  if (const Node* indexes = section.optional("index")) read_indexes(reading, *indexes, file);
  if (const Node* policy = section.optional("on_error"))
    config.on_error = read_choice(reading, *policy, "`on_error`", failure_policies()).value_or(FailurePolicy::stop);
  if (const Node* prefix = section.optional("prefix"))
    if (auto value = read_string(reading, *prefix, "`prefix`")) {
      if (const std::string problem = prefix_problem(*value); !problem.empty())
        reading.error(prefix->at, fmt::format("`prefix` cannot begin an index name: {}", problem));
      config.prefix = std::move(*value);
    }
  if (const Node* server = section.optional("server")) config.server = read_server(reading, *server);
  section.finish();
  return file;
}

}  // namespace flusso::config
