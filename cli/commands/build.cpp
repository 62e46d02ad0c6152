#include "cli/commands/build.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/config_source.h"
#include "cli/flags.h"
#include "cli/print.h"

namespace flusso::cli {
namespace {

struct BuildOptions {
  std::string config = kDefaultConfig;
  std::string out = kDefaultLock;
};

Status build(const BuildOptions& options) {
  FLUSSO_TRY_ASSIGN(const Compiled compiled, compile(options.config));
  FLUSSO_TRY(config::write_lock_file(options.out, compiled.lock));
  print_line(fmt::format("✓ compiled {} index(es) → {}", compiled.config.indexes.size(), options.out));
  for (const std::string& place : compiled.literal_secrets)
    std::fputs(fmt::format("flusso: note: {} is a literal and stands readable in {}; {{ env = \"VARIABLE\" }} keeps a "
                           "secret out of it\n",
                           place, options.out)
                   .c_str(),
               stderr);
  return {};
}

}  // namespace

Command add_build(CLI::App& app) {
  const auto options = std::make_shared<BuildOptions>();
  CLI::App* command = app.add_subcommand("build", "Compile the configuration and its schemas into one lock file");
  add_config_flag(*command, options->config);
  command->add_option("-o,--out", options->out, "Lock to write")->envname("FLUSSO_OUT")->capture_default_str();
  return {command, [options] { return exit_code(build(*options)); }};
}

}  // namespace flusso::cli
