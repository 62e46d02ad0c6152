#pragma once
// The four joins, which fold rows of a related table into the document. The verb says which table holds the key.

#include "io/config/fields.h"

namespace flusso::config {

std::optional<Field> read_join(SchemaReading& schema, Section& section, std::string_view tag, const std::string& key);

// The junction of a many-to-many relation, shared with aggregates.
std::optional<Through> read_through(SchemaReading& schema, const Node& node);

}  // namespace flusso::config
