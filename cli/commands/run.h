#pragma once
// `flusso run`: seeds what is unseeded and follows live changes until it is told to stop.

#include <optional>
#include <string>

#include "cli/config_source.h"

namespace flusso::cli {

struct RunOptions {
  ConfigChoice source;
  std::string slot = "flusso";
  std::string publication = "flusso";
  std::optional<bool> manage_publication;
  std::optional<std::string> index_prefix;
  unsigned workers = 0;  // 0 = min(4, cores)
  bool skip_backfill = false;
  bool backfill_only = false;
  bool pretty = false;
};

// Returns the process's exit code: 0 after a clean end, 1 after an error (which has been printed).
int run_command(const RunOptions& options);

}  // namespace flusso::cli
