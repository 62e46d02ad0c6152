#include "model/ids.h"

#include <charconv>

namespace flusso {

std::string to_text(Lsn lsn) { return fmt::format("{:X}/{:X}", lsn.value >> 32U, lsn.value & 0xFFFFFFFFU); }

std::optional<Lsn> parse_lsn(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto parse = [](std::string_view part) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, 16);
    if (part.empty() || error != std::errc{} || end != part.data() + part.size() || value > 0xFFFFFFFFU)
      return std::nullopt;
    return value;
  };
  const auto high = parse(text.substr(0, slash));
  const auto low = parse(text.substr(slash + 1));
  if (!high || !low) return std::nullopt;
  return Lsn{*high << 32U | *low};
}

}  // namespace flusso
