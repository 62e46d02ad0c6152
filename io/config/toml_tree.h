#pragma once
// TOML text → tree. Only this file's .cpp sees toml++.

#include <optional>
#include <string_view>

#include "io/config/reading.h"
#include "io/config/tree.h"

namespace flusso::config {

// Nothing is returned when the text is no TOML; the reason, without values that could be secret, is in `reading`.
std::optional<Node> parse_toml(std::string_view text, Reading& reading);

}  // namespace flusso::config
