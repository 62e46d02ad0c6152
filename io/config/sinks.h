#pragma once
// The `[sinks.<name>]` tables of the deployment file.

#include <vector>

#include "io/config/reading.h"
#include "model/config/config.h"

namespace flusso::config {

// All sinks that could be read, sorted by name.
std::vector<SinkConfig> read_sinks(Reading& reading, const Node& node);

}  // namespace flusso::config
