#pragma once
// `flusso check`: validates the files and prints the typed mapping; without --offline it also compares everything that
// the schemas name with the database, and says what the publication lacks. Never writes.

#include "cli/command.h"

namespace flusso::cli {

// Its exit code: 0, or 1 when a finding is an error or the check itself could not be made.
Command add_check(CLI::App& app);

}  // namespace flusso::cli
