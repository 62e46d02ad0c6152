#include "cli/commands/preview.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cli/config_source.h"
#include "cli/flags.h"
#include "cli/index_plans.h"
#include "cli/print.h"
#include "io/config/key_argument.h"
#include "io/config/loader.h"
#include "io/pg/pg_reads.h"
#include "io/pg/row_probe.h"
#include "io/stdout/json_text.h"
#include "model/row_key.h"
#include "model/words.h"

namespace flusso::cli {
namespace {

struct PreviewOptions {
  std::string config = kDefaultConfig;
  std::string index;
  std::optional<std::string> id;
  bool pretty = false;
};

constexpr IndexId kOnly{0};
constexpr std::uint64_t kBytes = 4ULL << 30;  // one document of any size that Postgres can build

Result<const IndexConfig*> find_index(const Config& config, const std::string& name) {
  std::vector<std::string_view> names;
  for (const IndexConfig& index : config.indexes) {
    if (index.name == name) return &index;
    names.push_back(index.name);
  }
  const std::string near = did_you_mean(name, names);
  return fail(
      ErrorKind::config, "config.index_unknown",
      fmt::format("there is no index `{}`; {}", name, near.empty() ? "the configuration has " + listed(names) : near));
}

// The document of a key; nothing when no row answers for it.
Result<std::optional<std::string>> build(const LivePlan& live, const std::string& key) {
  std::optional<std::string> document;
  std::optional<Error> failure;
  ByteBudget budget("preview", kBytes);
  Intake intake(kOnly, budget, {},
                [&](const DocBatch& batch) {
                  for (const DocRow& row : batch.rows)
                    if (row.body_length != 0) document = visible_document(batch.body(row), row.hidden_length);
                  for (const DocFailure& failed : batch.failures) failure = failed.error;
                },
                {});
  BuildBatch batch;
  batch.index = kOnly;
  batch.items.push_back(BuildItem{key, {}});
  FLUSSO_TRY(pg::make_document_source(live.source, live.plan)->read(batch, intake, {}));
  if (failure) return fail(in_context("document " + key + " cannot be built", *std::move(failure)));
  return document;
}

Status no_document(pg::RowProbe& probe, const LivePlan& live, const std::string& key) {
  const IndexPlan& index = live.plan.indexes[kOnly.value];
  FLUSSO_TRY_ASSIGN(const bool exists, probe.root_row_exists(kOnly, key));
  const std::string table = to_text(index.schema.table);
  return fail(
      ErrorKind::config, "preview.no_document",
      exists ? fmt::format("index {} has no document {}: the row of {} exists, but the index's filters or its "
                           "soft delete leave it out",
                           index.name, document_id(key), table)
             : fmt::format("index {} has no document {}: {} has no such row", index.name, document_id(key), table));
}

Status preview(const PreviewOptions& options) {
  FLUSSO_TRY_ASSIGN(const Config config, config::load_config(options.config));
  FLUSSO_TRY_ASSIGN(const IndexConfig* index, find_index(config, options.index));
  FLUSSO_TRY_ASSIGN(const LivePlan live, live_plan(config, {index_plan(config, *index)}));
  pg::RowProbe probe(live.source, live.plan);
  std::string key;
  if (options.id) {
    FLUSSO_TRY_ASSIGN(key, config::parse_key_argument(*options.id, index->schema.primary_key));
  } else {
    FLUSSO_TRY_ASSIGN(std::optional<std::string> first, probe.first_document(kOnly));
    if (!first)
      return fail(ErrorKind::config, "preview.no_document",
                  fmt::format("index {} has no document: no row of {} passes its filters", index->name,
                              to_text(index->schema.table)));
    key = *std::move(first);
  }
  FLUSSO_TRY_ASSIGN(const std::optional<std::string> document, build(live, key));
  if (!document) return no_document(probe, live, key);
  if (!options.pretty) {
    print_line(*document);
    return {};
  }
  std::string indented;
  stdout_sink::append_indented(indented, *document);
  print_line(indented);
  return {};
}

}  // namespace

Command add_preview(CLI::App& app) {
  const auto options = std::make_shared<PreviewOptions>();
  CLI::App* command = app.add_subcommand("preview", "Build one document as the sinks would get it and print it");
  command->add_option("index", options->index, "Index name, without prefix")->required();
  command
      ->add_option_function<std::string>(
          "--id", [options](const std::string& id) { options->id = id; },
          "The document's _id, or its key's parts as a JSON array; default: the first document in key order")
      ->envname("FLUSSO_ID");
  add_config_flag(*command, options->config);
  command->add_flag("--pretty", options->pretty, "Indent the document")->envname("FLUSSO_PRETTY");
  return {command, [options] { return exit_code(preview(*options)); }};
}

}  // namespace flusso::cli
