#pragma once
// A *.schema.yml as a model: root keys here, fields in their own files, rules that need no file in
// model/schema/validate.

#include <optional>
#include <string_view>

#include "io/config/reading.h"
#include "model/schema/index_schema.h"

namespace flusso::config {

// The schema as far as it could be read; whether it may be used is said by `reading`'s diagnostics alone.
std::optional<IndexSchema> read_schema(const Node& root, Reading& reading);
std::optional<IndexSchema> read_schema(std::string_view text, Reading& reading);

}  // namespace flusso::config
