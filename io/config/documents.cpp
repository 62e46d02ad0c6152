#include "io/config/documents.h"

#include <fmt/format.h>

#include <set>

#include "io/config/toml_config.h"
#include "io/config/yaml_schema.h"
#include "model/schema/validate.h"

namespace flusso::config {

namespace {

// What follows from something that could not be read would only repeat the first mistake.
void report_rules(IndexSchema& schema, Diagnostics& report) {
  const bool broken = report.has_errors();
  for (SchemaFinding& finding : validate_schema(schema)) {
    if (broken && finding.something_missing) continue;
    report.add({finding.at, std::move(finding.message), std::move(finding.expected), std::move(finding.hint),
                Severity::error});
  }
}

}  // namespace

std::optional<IndexSchema> read_validated(const Node& schema, const std::string& file, Diagnostics& report) {
  Reading reading(file, report);
  auto read = read_schema(schema, reading);
  if (read) report_rules(*read, report);
  return read;
}

std::optional<Config> read_documents(const Documents& documents, const std::string& origin, Diagnostics& report) {
  Reading reading(origin, report);
  auto read = read_config(documents.config, reading);
  if (!read) return std::nullopt;
  std::set<std::string> used;
  for (IndexConfig& index : read->config.indexes) {
    if (index.schema_path.empty()) continue;  // told already
    const auto found = documents.schemas.find(index.schema_path);
    if (found == documents.schemas.end()) {
      reading.error({}, fmt::format("the schema `{}` of index `{}` is not there", index.schema_path, index.name));
      continue;
    }
    Diagnostics own;
    if (auto schema = read_validated(found->second, fmt::format("{}: {}", origin, index.schema_path), own))
      index.schema = std::move(*schema);
    if (!used.insert(index.schema_path).second) continue;  // two indexes of one schema: its mistakes are told once
    for (Diagnostic& diagnostic : own.sorted()) report.add(std::move(diagnostic));
  }
  for (const auto& [path, schema] : documents.schemas)
    if (!used.contains(path)) reading.error({}, fmt::format("no index uses the schema `{}`", path));
  if (report.has_errors()) return std::nullopt;
  return std::move(read->config);
}

}  // namespace flusso::config
