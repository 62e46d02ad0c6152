#include "model/unique_key.h"

#include <algorithm>

namespace flusso {

bool is_unique(const TableInfo& table, const KeyColumns& columns) {
  const auto covered = [&](const std::vector<std::string>& key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [&](const std::string& name) {
      return std::find(columns.begin(), columns.end(), name) != columns.end();
    });
  };
  return covered(table.primary_key) || std::any_of(table.unique_keys.begin(), table.unique_keys.end(), covered);
}

}  // namespace flusso
