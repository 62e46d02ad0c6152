#pragma once
// The catalog's state as it is kept in flusso_meta.
//
//   {"publication": "9:700", "tables": [{"schema": "public", "table": "orders", "oid": 5, "filenode": 50,
//     "columns": [["id", 1, 23, false, 10]], "identity": ["id"], "partitions": [[6, 60, 20, true]],
//     "memberships": ["90:700"]}]}
//
// Pure.

#include <nlohmann/json.hpp>

#include "model/catalog_state.h"

namespace flusso::opensearch {

nlohmann::json catalog_json(const CatalogState& state);
// Throws nlohmann::json::exception on anything else.
CatalogState catalog_from(const nlohmann::json& json);

}  // namespace flusso::opensearch
