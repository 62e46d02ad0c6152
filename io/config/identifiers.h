#pragma once
// Names and keys out of a tree, by the rules of model/schema/names.h. Each reader reports what is no name.

#include <optional>
#include <string>
#include <string_view>

#include "io/config/section.h"
#include "model/schema/index_schema.h"

namespace flusso::config {

// A table, column or schema name.
std::optional<std::string> read_identifier(Reading& reading, const Node& node, std::string_view what);
// One column or a list of columns: at least one, none twice. What is no name is reported and stands as kUnreadable,
// so that the number of columns stays right for later checks.
inline constexpr std::string_view kUnreadable = "?";
KeyColumns read_key(Reading& reading, const Node& node, std::string_view what);
// A document key, as written after a field's type key.
std::optional<std::string> read_field_name(Reading& reading, const Node& node, std::string_view what);
// `table` (required) and `schema` (else `default_schema`) of a section; the table's name is empty after an error.
TableRef read_table(Reading& reading, Section& section, const std::string& default_schema);

}  // namespace flusso::config
