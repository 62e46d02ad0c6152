#include "cli/commands/build.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/print.h"

namespace flusso::cli {
namespace {

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

int build_command(const BuildOptions& options) {
  const Status done = build(options);
  if (done) return 0;
  print_error(done.error());
  return 1;
}

}  // namespace flusso::cli
