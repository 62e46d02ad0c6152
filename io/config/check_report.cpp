#include "io/config/check_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/config/report_text.h"
#include "model/config/addresses.h"
#include "model/config/overrides.h"
#include "model/mapping/derive.h"

namespace flusso::config {

namespace {

std::string joined(const KeyColumns& columns) {
  std::string out;
  for (const std::string& column : columns) out += (out.empty() ? "" : ", ") + column;
  return printable(out);
}

std::string shown(const EnvOrValue& value) {
  if (const auto* reference = std::get_if<EnvReference>(&value))
    return printable(fmt::format("${{{}}}", reference->variable));
  return printable(without_secrets(std::get<Secret>(value).reveal()));
}

std::string shown(const SourceConfig& source) {
  if (const auto* url = std::get_if<EnvOrValue>(&source.connection_url)) return shown(*url);
  if (const auto* parts = std::get_if<ConnectionParts>(&source.connection_url))
    return printable(fmt::format("{}@{}:{}/{}", parts->user, parts->host, parts->port, parts->database));
  return "(from DATABASE_URL at runtime)";
}

void report_sinks(ReportText& report, const Config& config) {
  report.title("Sinks");
  if (config.sinks.empty()) {
    report.line("  (none — defaults to a stdout sink)");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const SinkConfig& sink : config.sinks) {
    if (const auto* opensearch = std::get_if<OpenSearchSinkConfig>(&sink.kind)) {
      std::string url = opensearch->url ? shown(*opensearch->url)
                                        : fmt::format("(from {} at runtime)", reserved_variable(sink.name, "URL"));
      rows.push_back({sink.name, "opensearch", url, opensearch->tls_verify ? "" : " tls-verify off"});
    } else {
      rows.push_back({sink.name, "stdout", std::get<StdoutSinkConfig>(sink.kind).pretty ? "pretty" : ""});
    }
  }
  report.table(rows);
}

void report_indexes(ReportText& report, const Config& config) {
  report.title("Indexes");
  if (config.indexes.empty()) {
    report.line("  (none)");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const IndexConfig& index : config.indexes) {
    const IndexSchema& schema = index.schema;
    std::vector<std::string> row = {index.name, index.enabled ? "enabled" : "disabled",
                                    printable(to_text(schema.table))};
    std::string rest;
    if (!schema.primary_key.empty()) rest = "pk " + joined(schema.primary_key);
    if (schema.soft_delete)
      rest += fmt::format("{}soft-delete {} \"{}\"", rest.empty() ? "" : "   ",
                          schema.soft_delete->by_field ? "field" : "column", printable(schema.soft_delete->name));
    row.push_back(" " + rest);
    rows.push_back(std::move(row));
  }
  report.table(rows);
}

struct FieldRow {
  std::string name;  // indented
  std::string type;
  bool nullable = true;
};

void collect(const std::vector<MappingField>& fields, std::size_t depth, std::vector<FieldRow>& rows) {
  for (const MappingField& field : fields) {
    rows.push_back({std::string(2 * depth, ' ') + printable(field.name), printable(field.type), field.nullable});
    collect(field.children, depth + 1, rows);
  }
}

void report_mapping(ReportText& report, const Config& config, const IndexConfig& index) {
  const IndexMapping mapping = derive_mapping(index.name, index.schema);
  report.title("Index  " + index.name, fmt::format("{}{}_{}", printable(config.prefix), index.name, mapping.hash));
  std::vector<FieldRow> rows;
  collect(mapping.fields, 0, rows);
  std::size_t name_width = 0;
  std::size_t type_width = 0;
  for (const FieldRow& row : rows) {
    name_width = std::max(name_width, width_of(row.name));
    type_width = std::max(type_width, width_of(row.type));
  }
  for (const FieldRow& row : rows)
    report.line(fmt::format("  {} {} {}  {}", row.name, std::string(name_width - width_of(row.name) + 3, '.'),
                            padded(row.type, type_width), row.nullable ? "optional" : "required"));
}

}  // namespace

std::string render_overview(const Config& config, const std::string& config_path, bool colour,
                            const std::vector<Diagnostic>& notes) {
  ReportText report(colour);
  report.line(report.mark() + " config valid: " + printable(config_path));
  report.title("Source");
  report.line("  postgres  " + shown(config.source));
  report_sinks(report, config);
  report_indexes(report, config);
  for (const IndexConfig& index : config.indexes)
    if (index.enabled) report_mapping(report, config, index);
  if (!notes.empty()) {
    report.title("Notes");
    for (const Diagnostic& note : notes)
      report.line(printable(fmt::format("  {}:{}:{}  {}", note.at.file, note.at.line, note.at.column, note.message)));
  }
  return report.take();
}

std::string render_check(const Config& config, const std::string& config_path, bool colour,
                         const std::vector<Diagnostic>& notes) {
  return render_overview(config, config_path, colour, notes) +
         "\n[offline] skipped database validation — types and nullability not checked\n";
}

}  // namespace flusso::config
