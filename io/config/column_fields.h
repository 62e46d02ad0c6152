#pragma once
// Fields that read columns of the row itself: scalars, `enum`, `custom`, `map` and `geo`.

#include "io/config/fields.h"

namespace flusso::config {

// Each reads the siblings of one type key; nothing is returned when the field cannot be used, with the reason reported.
std::optional<Field> read_scalar(SchemaReading& schema, Section& section, std::string_view tag, const std::string& key);
std::optional<Field> read_custom(SchemaReading& schema, Section& section, std::string_view tag, const std::string& key);
std::optional<Field> read_map(SchemaReading& schema, Section& section, std::string_view tag, const std::string& key);
std::optional<Field> read_geo(SchemaReading& schema, Section& section, std::string_view tag, const std::string& key);

}  // namespace flusso::config
