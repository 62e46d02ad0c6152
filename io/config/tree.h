#pragma once
// A file as a tree of values with places: what both TOML and YAML are turned into, so that one reader (section.h)
// serves both and the two parsers stay behind their adapters. Marks count lines and characters from 1.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/value.h"

namespace flusso::config {

struct Mark {
  int line = 0;
  int column = 0;
};

// Something neither format's readers have a use for, e.g. a TOML date.
struct Unusable {
  std::string_view what;  // "a date"
};

struct Entry;
struct Node {
  Mark at;
  std::variant<std::monostate, bool, std::int64_t, Digits, std::string, Unusable, std::vector<Node>, std::vector<Entry>>
      data;

  bool is_null() const { return std::holds_alternative<std::monostate>(data); }
  const std::string* text() const { return std::get_if<std::string>(&data); }
  const std::vector<Node>* list() const { return std::get_if<std::vector<Node>>(&data); }
  const std::vector<Entry>* mapping() const { return std::get_if<std::vector<Entry>>(&data); }
};
struct Entry {
  std::string key;
  Mark at;  // of the key
  Node value;
};

// What stands there, for messages: "a string", "a list", "nothing".
std::string_view kind_of(const Node& node);

inline constexpr std::size_t kMaxFileBytes = 4U * 1024 * 1024;
inline constexpr std::size_t kMaxNodes = 200'000;  // of one file, aliases counted as often as they are used
inline constexpr int kMaxDepth = 200;
inline constexpr std::size_t kMaxCopiedBytes = 16U * 1024 * 1024;  // of texts that YAML aliases repeat

}  // namespace flusso::config
