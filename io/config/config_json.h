#pragma once
// A configuration as JSON, for programs that read what `check` prints. Every literal secret is "***". Numbers and texts
// that a schema gives freely (options, defaults, constants) are tagged with their type, as {"BigInt": 5}, so that a
// reader can tell 5 from "5".

#include <nlohmann/json_fwd.hpp>

#include "model/config/config.h"
#include "model/mapping/mapping.h"

namespace flusso::config {

nlohmann::json tagged(const Value& value);
nlohmann::json to_json(const Config& config);
nlohmann::json to_json(const IndexMapping& mapping, const std::string& prefix);

}  // namespace flusso::config
