#include "io/config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "io/config/section.h"
#include "model/words.h"

namespace flusso::config {

namespace {

void wrong_kind(Reading& reading, const Node& node, std::string_view what, std::string expected) {
  reading.error(node.at, fmt::format("{} is {}", what, kind_of(node)), std::move(expected));
}

}  // namespace

std::optional<bool> read_bool(Reading& reading, const Node& node, std::string_view what) {
  if (const bool* value = std::get_if<bool>(&node.data)) return *value;
  wrong_kind(reading, node, what, "`true` or `false`");
  return std::nullopt;
}

std::optional<std::string> read_string(Reading& reading, const Node& node, std::string_view what) {
  if (const std::string* text = node.text()) return *text;
  wrong_kind(reading, node, what, "a string");
  return std::nullopt;
}

std::optional<std::uint64_t> read_unsigned(Reading& reading, const Node& node, std::string_view what, std::uint64_t min,
                                           std::uint64_t max) {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool whole = std::holds_alternative<Digits>(node.data) &&
                     std::get<Digits>(node.data).text.find_first_of(".e") == std::string::npos;
  const std::string expected = max >= kLargest && !whole
                                   ? fmt::format("a whole number of at least {}", min)
                                   : fmt::format("a whole number from {} to {}", min, std::min(max, kLargest));
  if (const auto* number = std::get_if<std::int64_t>(&node.data)) {
    if (*number >= 0 && static_cast<std::uint64_t>(*number) >= min && static_cast<std::uint64_t>(*number) <= max)
      return static_cast<std::uint64_t>(*number);
    reading.error(node.at, fmt::format("{} is {}", what, *number), expected);
    return std::nullopt;
  }
  if (const auto* digits = std::get_if<Digits>(&node.data)) {
    reading.error(node.at, fmt::format("{} is {}", what, digits->text), expected);
    return std::nullopt;
  }
  wrong_kind(reading, node, what, expected);
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_strings(Reading& reading, const Node& node, std::string_view what) {
  const auto* list = node.list();
  if (list == nullptr) {
    wrong_kind(reading, node, what, "a list of strings");
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (const Node& item : *list)
    if (auto text = read_string(reading, item, fmt::format("an element of {}", what))) out.push_back(std::move(*text));
  return out;
}

std::optional<EnvOrValue> read_env_or_value(Reading& reading, const Node& node, std::string_view what) {
  if (const std::string* text = node.text()) return Secret(*text);
  const std::string expected = "a string or { env = \"VARIABLE\" }";
  if (node.mapping() == nullptr) {
    wrong_kind(reading, node, what, expected);
    return std::nullopt;
  }
  Section section(reading, node, fmt::format("the reference {}", what));
  std::optional<EnvOrValue> out;
  if (const Node* variable = section.required("env", "the name of an environment variable"))
    if (auto name = read_string(reading, *variable, "`env`")) {
      if (name->empty() || name->find_first_of(std::string_view("=\0", 2)) != std::string::npos)
        reading.error(variable->at, "`env` does not name an environment variable", "{ env = \"VARIABLE\" }");
      else
        out = EnvReference{std::move(*name)};
    }
  section.finish();
  return out;
}

std::optional<std::size_t> read_word(Reading& reading, const Node& node, std::string_view what,
                                     const std::vector<std::string_view>& words) {
  const std::string* text = node.text();
  if (text == nullptr) {
    wrong_kind(reading, node, what, listed(words));
    return std::nullopt;
  }
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  reading.error(node.at, fmt::format("{} is `{}`", what, *text), listed(words), did_you_mean(*text, words));
  return std::nullopt;
}

Value read_value(Reading& reading, const Node& node) {
  struct Convert {
    Reading& reading;
    const Node& node;
    Value operator()(std::monostate) const { return {}; }
    Value operator()(bool value) const { return Value{value}; }
    Value operator()(std::int64_t value) const { return Value{value}; }
    Value operator()(const Digits& value) const { return Value{value}; }
    Value operator()(const std::string& value) const {
      if (value.find('\0') != std::string::npos) reading.error(node.at, "the string contains a NUL character");
      return Value{value};
    }
    Value operator()(const Unusable& other) const {
      reading.error(node.at, fmt::format("{} has no form in JSON", other.what), "a string");
      return {};
    }
    Value operator()(const std::vector<Node>& items) const {
      ValueList out;
      for (const Node& item : items) out.push_back(read_value(reading, item));
      return Value{std::move(out)};
    }
    Value operator()(const std::vector<Entry>& entries) const {
      ValueMap out;
      for (const Entry& entry : entries) {
        if (entry.key.find('\0') != std::string::npos) reading.error(entry.at, "the key contains a NUL character");
        out.emplace_back(entry.key, read_value(reading, entry.value));
      }
      return Value{std::move(out)};
    }
  };
  return std::visit(Convert{reading, node}, node.data);
}

}  // namespace flusso::config
