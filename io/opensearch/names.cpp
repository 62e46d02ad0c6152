#include "io/opensearch/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace flusso::opensearch {

std::string hash_alias(std::string_view prefix, const IndexPlan& plan) {
  return fmt::format("{}{}_{}", prefix, plan.name, plan.mapping.hash);
}

std::string generation_index(std::string_view hash_alias, Generation generation) {
  return fmt::format("{}_{}", hash_alias, generation.number);
}

std::optional<Generation> generation_of(std::string_view index, std::string_view hash_alias) {
  if (index.size() < hash_alias.size() + 2 || !index.starts_with(hash_alias) || index[hash_alias.size()] != '_')
    return std::nullopt;
  const std::string_view digits = index.substr(hash_alias.size() + 1);
  if (digits.front() < '1' || digits.front() > '9') return std::nullopt;
  Generation generation;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), generation.number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return generation;
}

bool is_generation_of_name(std::string_view index, std::string_view prefix, std::string_view name) {
  constexpr std::size_t kHashDigits = 8;
  if (!index.starts_with(prefix) || !index.substr(prefix.size()).starts_with(name)) return false;
  const std::size_t hash_at = prefix.size() + name.size();
  if (index.size() < hash_at + 1 + kHashDigits || index[hash_at] != '_') return false;
  const std::string_view hash = index.substr(hash_at + 1, kHashDigits);
  const bool hex =
      std::all_of(hash.begin(), hash.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return hex && generation_of(index, index.substr(0, hash_at + 1 + kHashDigits)).has_value();
}

}  // namespace flusso::opensearch
