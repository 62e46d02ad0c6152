#pragma once
// The deployment file as a model. The schema files that it names are read by the loader.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "io/config/reading.h"
#include "model/config/config.h"

namespace flusso::config {

struct ConfigFile {
  Config config;                                  // its schemas still empty
  std::map<std::string, Position> schema_places;  // where each schema path is written
};

// The configuration as far as it could be read; sinks and indexes sorted by name. Whether it may be used is said by
// `reading`'s diagnostics alone.
std::optional<ConfigFile> read_config(const Node& root, Reading& reading);
std::optional<ConfigFile> read_config(std::string_view text, Reading& reading);

}  // namespace flusso::config
