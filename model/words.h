#pragma once
// Words in messages: lists of what may stand somewhere, and the likely meaning of what does.

#include <string>
#include <string_view>
#include <vector>

namespace flusso {

// "did you mean `x`?" for the nearest candidate within two edits, else empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);
// "`a`, `b` or `c`".
std::string listed(const std::vector<std::string_view>& words);

}  // namespace flusso
