#pragma once
// Words in messages: lists of what may stand somewhere, and the likely meaning of what does.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace flusso {

// Insertions, deletions, substitutions and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b);

// "did you mean `x`?" for the nearest candidate within two edits, else empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);
// "`a`, `b` or `c`".
std::string listed(const std::vector<std::string_view>& words);

}  // namespace flusso
