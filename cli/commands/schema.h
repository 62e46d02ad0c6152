#pragma once
// `flusso schema config|index`: prints the JSON Schema of a file format. Needs no file and no service.

#include "cli/command.h"

namespace flusso::cli {

Command add_schema(CLI::App& app);

}  // namespace flusso::cli
