#include "cli/commands/check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/backends.h"
#include "cli/config_source.h"
#include "cli/environment.h"
#include "cli/flags.h"
#include "cli/index_plans.h"
#include "cli/print.h"
#include "io/config/check_report.h"
#include "io/config/check_result.h"
#include "io/config/loader.h"
#include "io/pg/check/database_check.h"
#include "model/config/overrides.h"

namespace flusso::cli {
namespace {

struct CheckOptions {
  std::string config = kDefaultConfig;
  bool offline = false;
  std::string publication = "flusso";
  std::optional<bool> manage_publication;  // absent: the file's, else true
  std::string format = "human";            // or "json"
};

struct Outcome {
  std::optional<CheckFindings> findings;  // absent: nothing was looked at
  std::optional<Coverage> coverage;
  std::optional<Error> broken_off;  // why the database could not be asked
};

CheckFinding of_deployment(std::string message, const Position& at) {
  return {FindingSeverity::error, {}, {}, std::move(message), at, FindingPart::deployment};
}

// A note about a schema file belongs to the indexes that are made from it.
CheckFindings notes_of(const config::Loaded& loaded) {
  CheckFindings notes = config::findings_of(loaded.diagnostics.sorted());
  if (!loaded.config) return notes;
  for (CheckFinding& note : notes)
    for (const IndexConfig& index : loaded.config->indexes)
      if (note.index.empty() && index.schema.at.file == note.at.file) note.index = index.name;
  return notes;
}

// `run` needs every sink's address and secrets; here they are only resolved, nobody is contacted.
void check_sinks(const Config& config, CheckFindings& findings) {
  for (const SinkConfig& sink : config.sinks) {
    const auto* opensearch = std::get_if<OpenSearchSinkConfig>(&sink.kind);
    if (opensearch == nullptr) continue;
    const auto resolved = resolve_opensearch(sink.name, *opensearch, environment);
    if (!resolved) findings.push_back(of_deployment(resolved.error().what, sink.at));
  }
}

Result<pg::DatabaseCheck> ask_database(const Config& config, const CheckOptions& options) {
  BackendOptions backend;
  backend.publication = options.publication;
  backend.manage_publication = options.manage_publication.value_or(config.source.manage_publication);
  FLUSSO_TRY_ASSIGN(const pg::PgSourceOptions source, source_options(config, backend));
  return pg::check_database(source, enabled_index_plans(config));
}

Outcome check_online(const Config& config, const CheckOptions& options) {
  Outcome outcome;
  CheckFindings findings;
  check_sinks(config, findings);
  auto checked = ask_database(config, options);
  if (checked) {
    findings.insert(findings.end(), std::make_move_iterator(checked->findings.begin()),
                    std::make_move_iterator(checked->findings.end()));
    outcome.coverage = std::move(checked->coverage);
  } else {
    outcome.broken_off = std::move(checked).error();
    findings.push_back(of_deployment(outcome.broken_off->what, {}));
  }
  sort_findings(findings);
  outcome.findings = std::move(findings);
  return outcome;
}

std::string counted(const CheckFindings& findings) {
  const auto errors = std::count_if(findings.begin(), findings.end(), [](const CheckFinding& finding) {
    return finding.severity == FindingSeverity::error;
  });
  return fmt::format("schema validation failed against the database: {} error{}", errors, errors == 1 ? "" : "s");
}

int failed(const Outcome& outcome) {
  if (outcome.broken_off)
    print_error(*outcome.broken_off);
  else
    print_error(Error{ErrorKind::config, "check.failed", counted(*outcome.findings)});
  return 1;
}

int as_json(const CheckOptions& options) {
  const config::Loaded loaded = config::load(options.config);
  const CheckFindings notes = notes_of(loaded);
  if (!loaded.config) {
    print_text(config::check_json(nullptr, notes, std::nullopt));
    return 1;
  }
  Outcome outcome;
  if (!options.offline) outcome = check_online(*loaded.config, options);
  if (!notes.empty()) {
    if (!outcome.findings) outcome.findings.emplace();
    outcome.findings->insert(outcome.findings->begin(), notes.begin(), notes.end());
    sort_findings(*outcome.findings);
  }
  print_text(config::check_json(&*loaded.config, outcome.findings, outcome.coverage));
  return outcome.findings && has_errors(*outcome.findings) ? failed(outcome) : 0;
}

int for_people(const CheckOptions& options) {
  const config::Loaded loaded = config::load(options.config);
  if (!loaded.config) {
    print_error(Error{ErrorKind::config, "config.invalid", loaded.diagnostics.render_errors()});
    return 1;
  }
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  const auto notes = loaded.diagnostics.sorted();
  if (options.offline) {
    print_text(config::render_check(*loaded.config, options.config, colour, notes));
    return 0;
  }
  print_text(config::render_overview(*loaded.config, options.config, colour, notes));
  const Outcome outcome = check_online(*loaded.config, options);
  if (outcome.broken_off) return failed(outcome);
  print_text(config::render_findings(*outcome.findings, colour));
  if (outcome.coverage) print_text(config::render_coverage(*outcome.coverage, colour));
  const bool bad = has_errors(*outcome.findings);
  const auto painted = [colour](const char* code, const char* text) {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  };
  print_line("\n" + (bad ? painted("31", "[failed]") + " schema disagrees with database"
                         : painted("32", "✓") + " check passed"));
  return bad ? failed(outcome) : 0;
}

}  // namespace

Command add_check(CLI::App& app) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand("check", "Validate the files, and compare them with the database");
  add_config_flag(*command, options->config);
  command->add_flag("--offline", options->offline, "Do not ask the database")->envname("FLUSSO_OFFLINE");
  command->add_option("--publication", options->publication, "Publication whose tables are compared")
      ->envname("FLUSSO_PUBLICATION")
      ->capture_default_str();
  command
      ->add_option("--manage-publication", options->manage_publication,
                   "Whether `flusso run` may change it (true or false); default: the file's, else true")
      ->envname("FLUSSO_MANAGE_PUBLICATION");
  command->add_option("--format", options->format, "human, or json for programs")
      ->envname("FLUSSO_FORMAT")
      ->check(CLI::IsMember({"human", "json"}))
      ->capture_default_str();
  return {command, [options] { return options->format == "json" ? as_json(*options) : for_people(*options); }};
}

}  // namespace flusso::cli
