// The command line: every flag also reads its FLUSSO_* variable, the flag wins. Exit codes: 0 success, 1 error, 2
// usage.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "cli/commands/build.h"
#include "cli/commands/check.h"
#include "cli/commands/completions.h"
#include "cli/commands/explain.h"
#include "cli/commands/preview.h"
#include "cli/commands/run.h"
#include "cli/print.h"
#include "cli/signals.h"
#include "io/pg/slot.h"
#include "io/telemetry/log_backend.h"

namespace {

using namespace flusso;

std::string slot_name_fault(const std::string& slot) {
  const Status good = pg::check_slot_name(slot);
  return good ? std::string() : good.error().what;
}

void add_run(CLI::App& app, cli::RunOptions& run) {
  CLI::App* command = app.add_subcommand("run", "Seed what is unseeded and follow live changes until stopped");
  command
      ->add_option("-c,--config", run.source.config,
                   "Configuration file, compiled at every start; default: flusso.toml if it is there, else the lock")
      ->envname("FLUSSO_CONFIG");
  command->add_option("--lock", run.source.lock, "Lock that is renewed, or read; default: flusso.lock")
      ->envname("FLUSSO_LOCK");
  command->add_flag("--locked", run.source.locked, "Run what the lock holds; read no other file and write none")
      ->envname("FLUSSO_LOCKED");
  command->add_option("--slot", run.slot, "Replication slot; created when absent")
      ->envname("FLUSSO_SLOT")
      ->check(CLI::Validator(slot_name_fault, "NAME"))
      ->capture_default_str();
  command->add_option("--publication", run.publication, "Publication; created and extended when the role may")
      ->envname("FLUSSO_PUBLICATION")
      ->capture_default_str();
  command
      ->add_option_function<bool>(
          "--manage-publication", [&run](const bool& value) { run.manage_publication = value; },
          "Create and extend the publication (true or false); default: the file's manage_publication, else true")
      ->envname("FLUSSO_MANAGE_PUBLICATION");
  command
      ->add_option("--workers", run.workers,
                   "Connections that build documents, and that scan tables; default: min(4, cores)")
      ->envname("FLUSSO_WORKERS")
      ->check(CLI::Range(1, 64));
  command
      ->add_option_function<std::string>(
          "--index-prefix", [&run](const std::string& value) { run.index_prefix = value; },
          "Prepended to every index name; default: the file's prefix")
      ->envname("FLUSSO_INDEX_PREFIX");
  CLI::Option* skip = command->add_flag("--skip-backfill", run.skip_backfill, "Follow live changes only; seed nothing")
                          ->envname("FLUSSO_SKIP_BACKFILL");
  command
      ->add_flag("--backfill-only", run.backfill_only,
                 "Seed what is unseeded, catch up with the changes made meanwhile, and exit; the slot stays")
      ->envname("FLUSSO_BACKFILL_ONLY")
      ->excludes(skip);
  command
      ->add_flag("--pretty", run.pretty, "Indent the documents of the stdout sink that is used when none is configured")
      ->envname("FLUSSO_PRETTY");
}

void add_build(CLI::App& app, cli::BuildOptions& build) {
  CLI::App* command = app.add_subcommand("build", "Compile the configuration and its schemas into one lock file");
  command->add_option("-c,--config", build.config, "Configuration file")
      ->envname("FLUSSO_CONFIG")
      ->capture_default_str();
  command->add_option("-o,--out", build.out, "Lock to write")->envname("FLUSSO_OUT")->capture_default_str();
}

void add_check(CLI::App& app, cli::CheckOptions& check) {
  CLI::App* command = app.add_subcommand("check", "Validate the configuration and print the typed mapping");
  command->add_option("-c,--config", check.config, "Configuration file")
      ->envname("FLUSSO_CONFIG")
      ->capture_default_str();
  command->add_flag("--offline", check.offline, "Do not ask the database")->envname("FLUSSO_OFFLINE");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"flusso keeps OpenSearch in sync with Postgres from declarative config.", "flusso"};
  app.set_version_flag("-V,--version", std::string("flusso ") + FLUSSO_VERSION);
  app.require_subcommand(1);
  cli::RunOptions run;
  cli::CheckOptions check;
  cli::BuildOptions build;
  add_run(app, run);
  add_build(app, build);
  add_check(app, check);
  const std::vector<cli::Command> commands{cli::add_preview(app), cli::add_explain(app), cli::add_completions(app)};
  if (argc > 1 && argv[1][0] != '-') {
    std::string known;
    bool found = false;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      known += (known.empty() ? "" : ", ") + command->get_name();
      found = found || command->get_name() == argv[1];
    }
    if (!found) {
      cli::print_error(Error{ErrorKind::config, "usage.command",
                             std::string("unknown command \"") + argv[1] + "\"; the commands are: " + known});
      return 2;
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  // A run takes its own signals; before any thread starts. Other commands end at once.
  if (app.got_subcommand("run")) cli::block_signals();
  if (const auto logging = telemetry::install_logging(); !logging) {
    cli::print_error(logging.error());
    return 1;
  }
  for (const cli::Command& command : commands)
    if (app.got_subcommand(command.app)) return command.execute();
  if (app.got_subcommand("build")) return cli::build_command(build);
  if (app.got_subcommand("check")) return cli::check_command(check);
  return cli::run_command(run);
}
