// toml, yaml, lock: what the loader accepts must survive a lock unchanged; what it refuses must be said in clean text.

#include "io/config/lock_format.h"
#include "io/config/lock_reader.h"
#include "io/config/lock_writer.h"
#include "io/config/toml_config.h"
#include "io/config/toml_tree.h"
#include "io/config/utf8.h"
#include "io/config/yaml_tree.h"
#include "model/mapping/content_hash.h"
#include "model/mapping/derive.h"
#include "tests/fuzz/entries.h"

namespace flusso::fuzz {
namespace {

using namespace flusso::config;

constexpr std::string_view kSchema = "{version: 1, table: t, fields: [{keyword: k}]}";
constexpr std::string_view kConfig =
    "[source]\ntype = \"postgres\"\n[[index]]\nname = \"i\"\nschema = \"s.yml\"\nenabled = true\n";

void check_report(const Diagnostics& report) {
  const std::string text = report.render_errors();
  require(!first_invalid_utf8(text), "a report is valid UTF-8");
  require(text.find('\x1B') == std::string::npos, "a report does not steer the terminal");
  require(report.has_errors() != text.empty(), "a mistake has a message");
}

// A lock of accepted documents; nothing when they are more than a lock may hold.
std::optional<Config> through_a_lock(const Documents& documents) {
  const auto bytes = encode_lock(documents, "0.0.0");
  if (!bytes) {
    require(bytes.error().code == "config.lock_too_large", "only size keeps an accepted file out of a lock");
    return std::nullopt;
  }
  auto config = read_lock(*bytes, "f.lock");
  require(config.has_value(), "a lock of accepted files is accepted");
  return std::move(*config);
}

Node tree_of_schema() {
  Diagnostics report;
  Reading reading("s.yml", report);
  return *parse_yaml(kSchema, reading);
}

Node tree_of_config() {
  Diagnostics report;
  Reading reading("f.toml", report);
  return *parse_toml(kConfig, reading);
}

void read_any_lock(const std::string& bytes) {
  const auto config = read_lock(bytes, "f.lock");
  if (!config) {
    require(config.error().kind == ErrorKind::config, "a bad lock is the user's to mend");
    require(config.error().what.find("f.lock") != std::string::npos, "an error names the file");
    require(!first_invalid_utf8(config.error().what), "an error is valid UTF-8");
    return;
  }
  const auto lock = decode_lock(bytes, "f.lock");
  require(lock.has_value(), "an accepted lock can be taken apart");
  const auto again = encode_lock(lock->documents, lock->flusso_version);
  require(again && *again == bytes, "a content has one encoding");
}

}  // namespace

void toml(std::string_view bytes) {
  Diagnostics report;
  report.add_source("f.toml", bytes, Excerpts::masked);
  Reading reading("f.toml", report);
  auto root = parse_toml(bytes, reading);
  const auto read = root ? read_config(*root, reading) : std::nullopt;
  check_report(report);
  if (!read || report.has_errors()) return;
  Documents documents;
  documents.config = std::move(*root);
  for (const IndexConfig& index : read->config.indexes)
    documents.schemas.insert_or_assign(index.schema_path, tree_of_schema());
  const auto config = through_a_lock(documents);
  if (!config) return;
  require(config->indexes.size() == read->config.indexes.size(), "a lock keeps every index");
  require(config->sinks.size() == read->config.sinks.size(), "a lock keeps every sink");
  require(config->prefix == read->config.prefix, "a lock keeps the prefix");
}

void yaml(std::string_view bytes) {
  Diagnostics report;
  report.add_source("s.yml", bytes, Excerpts::plain);
  Reading reading("s.yml", report);
  auto root = parse_yaml(bytes, reading);
  const auto schema = root ? read_validated(*root, "s.yml", report) : std::nullopt;
  check_report(report);
  if (!schema || report.has_errors()) return;
  const IndexMapping mapping = derive_mapping("i", *schema);
  require(mapping.fields.size() == schema->fields.size(), "every field has a mapping");
  const auto config = through_a_lock(Documents{tree_of_config(), {{"s.yml", std::move(*root)}}});
  if (!config) return;
  require(content_hash(config->indexes.at(0).schema) == content_hash(*schema), "a lock keeps the hash");
}

void lock(std::string_view bytes) {
  read_any_lock(std::string(bytes));
  std::string content(bytes);
  if (content.size() >= kChecksumDigits &&
      std::string_view(content).substr(0, content.size() - kChecksumDigits).ends_with(kChecksumKey))
    content.resize(content.size() - kChecksumDigits);
  else
    content += kChecksumKey;
  read_any_lock(content + lock_checksum(content));
}

}  // namespace flusso::fuzz
