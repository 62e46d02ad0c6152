#pragma once
// Numbers as Postgres writes them into its messages.

#include <cstdint>
#include <string>

namespace flusso::pg {

// The lowest `bytes` bytes, the highest first.
inline std::string big(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> static_cast<unsigned>(8 * i) & 0xFFU);
  return out;
}

}  // namespace flusso::pg
