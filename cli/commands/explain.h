#pragma once
// `flusso explain <table> <key>`: which documents a change of that row rebuilds, through which paths, with the SQL that
// finds them. Reads only; the sinks are not contacted.

#include "cli/command.h"

namespace flusso::cli {

Command add_explain(CLI::App& app);

}  // namespace flusso::cli
