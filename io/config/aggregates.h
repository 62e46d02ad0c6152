#pragma once
// The six aggregates, which reduce rows of a related table to one value.

#include "io/config/fields.h"

namespace flusso::config {

std::optional<Field> read_aggregate(SchemaReading& schema, Section& section, std::string_view tag,
                                    const std::string& key);

}  // namespace flusso::config
