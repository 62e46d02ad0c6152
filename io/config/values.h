#pragma once
// Single values out of a tree: each reader reports a value of the wrong kind or range and returns nothing then.
// `what` names the value in messages, e.g. "`limit`".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/config/reading.h"
#include "model/config/secret.h"

namespace flusso::config {

std::optional<bool> read_bool(Reading& reading, const Node& node, std::string_view what);
std::optional<std::string> read_string(Reading& reading, const Node& node, std::string_view what);
// A whole number from `min` to `max`, both included.
std::optional<std::uint64_t> read_unsigned(Reading& reading, const Node& node, std::string_view what, std::uint64_t min,
                                           std::uint64_t max);
std::optional<std::vector<std::string>> read_strings(Reading& reading, const Node& node, std::string_view what);
// A string or { env = "VAR" }.
std::optional<EnvOrValue> read_env_or_value(Reading& reading, const Node& node, std::string_view what);
// The place of one of `words` in the list.
std::optional<std::size_t> read_word(Reading& reading, const Node& node, std::string_view what,
                                     const std::vector<std::string_view>& words);
// Any value as JSON has it; values without such a form are reported and become null.
Value read_value(Reading& reading, const Node& node);

template <class T>
std::optional<T> read_choice(Reading& reading, const Node& node, std::string_view what,
                             const std::vector<std::pair<std::string_view, T>>& choices) {
  std::vector<std::string_view> words;
  for (const auto& choice : choices) words.push_back(choice.first);
  const auto place = read_word(reading, node, what, words);
  if (!place) return std::nullopt;
  return choices[*place].second;
}

}  // namespace flusso::config
