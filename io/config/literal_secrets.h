#pragma once
// Which connection values of a configuration are secrets written out in the file. They would stand readable in a lock,
// which is meant to be committed and shipped; a reference { env = "VARIABLE" } would not.

#include <string>
#include <vector>

#include "model/config/config.h"

namespace flusso::config {

// Where they stand, never what they are: "[source] connection_url", "[sinks.primary] password". Thread: any; pure.
std::vector<std::string> literal_secrets(const Config& config);

}  // namespace flusso::config
