#pragma once
// What `flusso check` says about a valid configuration: its source, sinks and indexes, and the typed mapping of every
// enabled index. Secrets are never part of it.

#include <string>
#include <vector>

#include "io/config/diagnostics.h"
#include "model/config/config.h"

namespace flusso::config {

// Source, sinks, indexes and mappings, for people; ends with a newline. `colour` adds terminal attributes. Notes of
// the loader come last when there are any. Thread: any; pure.
std::string render_overview(const Config& config, const std::string& config_path, bool colour,
                            const std::vector<Diagnostic>& notes = {});

// The overview and the line that says the database was not asked.
std::string render_check(const Config& config, const std::string& config_path, bool colour,
                         const std::vector<Diagnostic>& notes = {});

}  // namespace flusso::config
