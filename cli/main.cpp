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
#include "cli/commands/schema.h"
#include "cli/flags.h"
#include "cli/print.h"
#include "cli/signals.h"
#include "io/telemetry/log_backend.h"

int main(int argc, char** argv) {
  using namespace flusso;
  CLI::App app{"flusso keeps OpenSearch in sync with Postgres from declarative config.", "flusso"};
  app.set_version_flag("-V,--version", std::string("flusso ") + FLUSSO_VERSION);
  app.require_subcommand(1);
  cli::set_help_format(app);
  const cli::Command run = cli::add_run(app);
  const std::vector<cli::Command> commands{run,
                                           cli::add_build(app),
                                           cli::add_check(app),
                                           cli::add_preview(app),
                                           cli::add_explain(app),
                                           cli::add_schema(app),
                                           cli::add_completions(app)};
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
  if (app.got_subcommand(run.app)) cli::block_signals();
  if (const auto logging = telemetry::install_logging(); !logging) {
    cli::print_error(logging.error());
    return 1;
  }
  for (const cli::Command& command : commands)
    if (app.got_subcommand(command.app)) return command.execute();
  return 2;  // unreachable: a command is required
}
