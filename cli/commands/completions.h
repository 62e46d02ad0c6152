#pragma once
// `flusso completions bash|zsh|fish`: prints what the shell needs to complete commands, flags and their values.

#include "cli/command.h"

namespace flusso::cli {

// Knows every command that `app` has when it runs.
Command add_completions(CLI::App& app);

}  // namespace flusso::cli
