#include "model/config/prefix.h"

#include <algorithm>

namespace flusso {

std::string prefix_problem(std::string_view prefix) {
  constexpr std::size_t kMaxPrefixBytes = 50;
  if (prefix.empty()) return {};
  if (prefix.size() > kMaxPrefixBytes) {
    const bool ascii =
        std::all_of(prefix.begin(), prefix.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    return ascii ? "it is longer than 50 bytes" : "it is longer than 50 bytes in UTF-8";
  }
  if (std::any_of(prefix.begin(), prefix.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return "OpenSearch forbids upper case in index names";
  if (prefix.find_first_of(" ,:\"*+/\\|?#<>") != std::string_view::npos)
    return "OpenSearch forbids blanks and , : \" * + / \\ | ? # < > in index names";
  if (std::any_of(prefix.begin(), prefix.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }))
    return "control characters are not allowed";
  const char first = prefix.front();
  if (!((first >= 'a' && first <= 'z') || (first >= '0' && first <= '9')))
    return "it must begin with a letter or digit";
  return {};
}

}  // namespace flusso
