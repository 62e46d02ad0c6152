#pragma once
// A literal from a configuration or schema file: JSON's shapes, numbers kept as digits where 64 bits do not hold them.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace flusso {

struct Value;
using ValueList = std::vector<Value>;
using ValueMap = std::vector<std::pair<std::string, Value>>;  // in file order

// A number that is not a 64-bit integer, as its digits: "1.50", "1e400".
struct Digits {
  std::string text;
  bool operator==(const Digits&) const = default;
};

struct Value {
  std::variant<std::monostate, bool, std::int64_t, Digits, std::string, ValueList, ValueMap> data;
  bool operator==(const Value&) const = default;
  bool is_null() const { return std::holds_alternative<std::monostate>(data); }
};

// Compact JSON text of a value; maps keep their order, digits are written as they stand.
std::string to_json(const Value& value);
// Appends `text` as a JSON string with quotes; control characters, quotes and backslashes are escaped.
void append_json_string(std::string& out, std::string_view text);

}  // namespace flusso
