#pragma once
// UTF-8 as far as the readers need it: is a text valid, and how many characters lie before a byte.

#include <cstddef>
#include <optional>
#include <string_view>

namespace flusso::config {

// Offset of the first byte that is not valid UTF-8 (overlong forms and surrogates included), or nothing.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);
// Characters in valid UTF-8 text.
std::size_t characters(std::string_view text);

}  // namespace flusso::config
