#pragma once
// One flusso.toml as validated values. Secrets stay references until `run` resolves them (model/config/secret.h).
// Manual: "Configuring a deployment".

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/config/secret.h"
#include "model/schema/index_schema.h"

namespace flusso {

enum class FailurePolicy { stop, skip };

// What to do when the slot is not the one that the sinks were fed from: docs/decisions/004.
enum class SlotLossPolicy { stop, reseed };

struct ConnectionParts {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5432;
  std::string user = "postgres";
  std::optional<EnvOrValue> password;
  std::string database;
};

struct SourceConfig {
  std::variant<std::monostate, EnvOrValue, ConnectionParts> connection_url;
  bool manage_publication = true;
  std::string spill_dir;  // absolute; empty = the system's temporary folder
  bool allow_partial_publication = false;
  bool manage_replica_identity = false;
  SlotLossPolicy on_slot_lost = SlotLossPolicy::stop;
  std::uint32_t wal_warning_mib = 1024;  // kept by the slot; 0 = no warning
  std::uint32_t heartbeat_secs = 0;      // 0 = none
  Position at;
};

enum class TextAnalysis { builtin, icu };

struct OpenSearchSinkConfig {
  std::optional<EnvOrValue> url, username, password;
  bool tls_verify = true;
  std::uint32_t batch_size = 1000;
  std::uint64_t max_bytes = 10ULL * 1024 * 1024;
  std::uint32_t timeout_secs = 30;
  std::uint32_t max_retries = 3;
  std::optional<std::string> pipeline;
  std::uint32_t number_of_shards = 1;
  std::uint32_t number_of_replicas = 1;
  std::string refresh_interval = "10s";
  TextAnalysis text_analysis = TextAnalysis::builtin;
  bool auto_subfields = true;
};
struct StdoutSinkConfig {
  bool pretty = false;
};
struct SinkConfig {
  std::string name;
  std::variant<OpenSearchSinkConfig, StdoutSinkConfig> kind;
  Position at;
};

struct IndexConfig {
  std::string name;
  std::string schema_path;  // as written
  bool enabled = true;
  std::optional<FailurePolicy> on_error;
  IndexSchema schema;
  Position at;
};

struct ServerConfig {
  std::optional<std::string> public_address, private_address;
};

struct Config {
  SourceConfig source;
  std::vector<SinkConfig> sinks;     // in sink-name order
  std::vector<IndexConfig> indexes;  // in name order, disabled ones included
  FailurePolicy on_error = FailurePolicy::stop;
  std::string prefix;
  ServerConfig server;
};

}  // namespace flusso
