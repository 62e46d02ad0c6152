#pragma once
// A schema as JSON: the part of config_json.h that shows an index's fields.

#include <nlohmann/json_fwd.hpp>

#include "model/schema/index_schema.h"

namespace flusso::config {

nlohmann::json to_json(const IndexSchema& schema);

}  // namespace flusso::config
