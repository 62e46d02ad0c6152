#pragma once
// `flusso build`: the configuration and its schemas as one file, for `flusso run --locked` where the files are not.
// Contacts nobody and resolves no secret.

#include <string>

#include "cli/config_source.h"

namespace flusso::cli {

struct BuildOptions {
  std::string config = kDefaultConfig;
  std::string out = kDefaultLock;
};

// Returns the process's exit code: 0, or 1 after an error, which has been printed and has left the old lock.
int build_command(const BuildOptions& options);

}  // namespace flusso::cli
