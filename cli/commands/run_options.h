#pragma once
// What `flusso run` can be told: its flags and their variables.

#include <cstdint>
#include <optional>
#include <string>

#include "cli/config_source.h"
#include "model/config/config.h"

namespace CLI {
class App;
}

namespace flusso::cli {

struct RunOptions {
  ConfigChoice source;
  std::string slot = "flusso";
  std::string publication = "flusso";
  std::optional<bool> manage_publication;
  std::optional<std::string> spill_dir;
  std::optional<SlotLossPolicy> on_slot_lost;
  std::optional<std::string> index_prefix;
  unsigned workers = 0;  // 0 = min(4, cores)
  bool skip_backfill = false;
  bool backfill_only = false;
  bool pretty = false;

  std::optional<std::string> public_address;
  std::uint32_t lag_poll_secs = 15;
  // Of the control surface, which is not served yet: checked, otherwise without effect.
  std::optional<std::string> private_address;
  std::string admin_user = "admin";
  std::string admin_password = "flusso";
  // The Rust tool's bound between capture and engine. Memory is bounded in bytes here: accepted, without effect.
  std::uint64_t queue_capacity = 1024;
};

// Adds the flags to `command`; `options` must live until the command line has been parsed.
void add_run_flags(CLI::App& command, RunOptions& options);

}  // namespace flusso::cli
