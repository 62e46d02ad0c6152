#pragma once
// `flusso preview <index>`: builds one document as the sinks would get it and prints it. Reads only; the sinks are not
// contacted. Works for disabled indexes too: one looks before one switches on.

#include "cli/command.h"

namespace flusso::cli {

Command add_preview(CLI::App& app);

}  // namespace flusso::cli
