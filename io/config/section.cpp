#include "io/config/section.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/words.h"

namespace flusso::config {

Section::Section(Reading& reading, const Node& node, std::string what)
    : reading_(reading), entries_(node.mapping()), at_(node.at), what_(std::move(what)) {
  if (entries_ == nullptr) reading_.error(at_, fmt::format("{} is {}", what_, kind_of(node)), "a mapping");
}

const Entry* Section::find(std::string_view key) const {
  if (entries_ == nullptr) return nullptr;
  const auto found =
      std::find_if(entries_->begin(), entries_->end(), [&](const Entry& candidate) { return candidate.key == key; });
  return found == entries_->end() ? nullptr : &*found;
}

const Entry* Section::entry(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return find(key);
}

const Node* Section::optional(std::string_view key) {
  const Entry* found = entry(key);
  return found == nullptr || found->value.is_null() ? nullptr : &found->value;
}

const Node* Section::required(std::string_view key, std::string_view expected) {
  const Entry* found = entry(key);
  if (found != nullptr && !found->value.is_null()) return &found->value;
  if (entries_ != nullptr)
    reading_.error(found == nullptr ? at_ : found->at,
                   fmt::format("{} {} `{}`", what_, found == nullptr ? "is missing" : "has nothing after", key),
                   std::string(expected));
  return nullptr;
}

bool Section::refuse(std::string_view key, const std::string& message, const std::string& expected) {
  const Entry* found = find(key);
  if (found == nullptr) return false;
  silent_.emplace_back(key);
  reading_.error(found->at, message, expected);
  return true;
}

void Section::finish() {
  if (entries_ == nullptr) return;
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  const std::string expected = listed(known);
  for (const Entry& candidate : *entries_) {
    const auto has = [&](const std::vector<std::string>& keys) {
      return std::find(keys.begin(), keys.end(), candidate.key) != keys.end();
    };
    if (has(known_) || has(silent_)) continue;
    if (reading_.full())
      reading_.error(candidate.at, {});  // counted only; a file may hold a great many
    else
      reading_.error(candidate.at, fmt::format("unknown key `{}` in {}", candidate.key, what_), expected,
                     did_you_mean(candidate.key, known));
  }
}

}  // namespace flusso::config
