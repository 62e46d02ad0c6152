#include "io/config/lock_format.h"

#include <fmt/format.h>

#include <algorithm>

namespace flusso::config {

std::string lock_checksum(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return fmt::format("{:016x}", hash);
}

bool is_json_number(std::string_view text) {
  const auto take_digits = [&text] {
    const auto end = std::find_if_not(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    const auto count = static_cast<std::size_t>(end - text.begin());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const std::size_t whole = take_digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  return text.empty();
}

bool looks_like_lock(std::string_view bytes) {
  return !bytes.empty() && (static_cast<unsigned char>(bytes.front()) & 0xF0U) == 0x80U;
}

}  // namespace flusso::config
