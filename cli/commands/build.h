#pragma once
// `flusso build`: the configuration and its schemas as one file, for `flusso run --locked` where the files are not.
// Contacts nobody and resolves no secret.

#include "cli/command.h"

namespace flusso::cli {

// Its exit code: 0, or 1 after an error, which has been printed and has left the old lock.
Command add_build(CLI::App& app);

}  // namespace flusso::cli
