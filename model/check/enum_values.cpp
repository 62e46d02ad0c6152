#include "model/check/enum_values.h"

#include <fmt/format.h>

#include <algorithm>

namespace flusso {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::vector<std::string> missing_from(const std::vector<std::string>& list, const std::vector<std::string>& other) {
  std::vector<std::string> out;
  for (const std::string& item : other)
    if (!contains(list, item)) out.push_back(item);
  return out;
}

}  // namespace

void check_variants(const Site& site, const ColumnField& field, const ColumnInfo& column, const ValueType& type) {
  if (field.variants.empty() || type.kind != 'e') return;
  const auto labels = site.facts->enum_labels.find(type.oid);
  if (labels == site.facts->enum_labels.end()) return;
  // Transforms may change the letters of a label, so only the plain values can be compared.
  if (!field.transforms.empty()) return;
  const std::vector<std::string> unlisted = missing_from(field.variants, labels->second);
  const std::vector<std::string> unknown = missing_from(labels->second, field.variants);
  if (!unlisted.empty())
    site.warning(
        fmt::format("`variants` leaves out {} of the enum type {}: such values sort after all variants; add "
                    "{} where it belongs in the order",
                    fmt::join(unlisted, ", "), column.type, unlisted.size() == 1 ? "it" : "them"));
  if (!unknown.empty())
    site.warning(fmt::format(
        "`variants` names {}, which the enum type {} does not have (its labels are {}); correct "
        "or remove {}",
        fmt::join(unknown, ", "), column.type, fmt::join(labels->second, ", "), unknown.size() == 1 ? "it" : "them"));
}

}  // namespace flusso
