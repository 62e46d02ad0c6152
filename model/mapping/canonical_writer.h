#pragma once
// The primitive forms of the canonical encoding (content_hash.h draws them).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/value.h"

namespace flusso {

// Thread: one.
class CanonicalWriter {
 public:
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void boolean(bool value) { byte(value ? 1 : 0); }
  void u32(std::uint32_t value) { little_endian(value, 4); }
  void u64(std::uint64_t value) { little_endian(value, 8); }
  void variant(std::uint64_t number) { u64(number); }
  void text(std::string_view value) {
    out_.append(value);
    byte(0xFF);
  }
  template <class List, class Write>
  void list(const List& items, Write write) {
    u64(items.size());
    for (const auto& item : items) write(item);
  }
  template <class Optional, class Write>
  void option(const Optional& value, Write write) {
    variant(value ? 1 : 0);
    if (value) write(*value);
  }
  void value(const Value& value);
  void map(const ValueMap& entries);
  const std::string& bytes() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void little_endian(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) byte(static_cast<std::uint8_t>(value >> (8 * i) & 0xFFU));
  }
  void number(const std::string& digits);

  std::string out_;
};

}  // namespace flusso
