#pragma once
// YAML text → tree. The only files that see yaml-cpp are this one's .cpp; its events (not its nodes) are used, because
// only they tell quoted from plain scalars and show duplicate keys, and because the tree can be bounded while it grows.

#include <optional>
#include <string_view>

#include "io/config/reading.h"
#include "io/config/tree.h"

namespace flusso::config {

// One document. Refused, with a place: broken syntax, invalid UTF-8, duplicate keys, a second document, an alias
// inside its own anchor, tags other than the core ones, and anything beyond the bounds of tree.h.
// Nothing is returned when the text cannot be used at all; the reasons are in `reading`.
std::optional<Node> parse_yaml(std::string_view text, Reading& reading);

}  // namespace flusso::config
