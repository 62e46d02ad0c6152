#pragma once
// `flusso run`: seeds what is unseeded and follows live changes until it is told to stop.

#include "cli/command.h"

namespace flusso::cli {

// Its exit code: 0 after a clean end, 1 after an error, which has been printed.
Command add_run(CLI::App& app);

}  // namespace flusso::cli
