#include "model/check/near_names.h"

#include <algorithm>

#include "model/schema/names.h"

namespace flusso {
namespace {

constexpr std::size_t kTooFar = 3;

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  const std::string a = folded(left);
  const std::string b = folded(right);
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates) {
  std::size_t best = kTooFar;
  std::string found;
  for (const std::string& candidate : candidates) {
    const std::size_t far = edit_distance(word, candidate);
    if (far >= best || far * 2 > word.size()) continue;
    best = far;
    found = candidate;
  }
  return found;
}

std::string table_suggestion(const TableRef& missing, const std::vector<TableRef>& existing) {
  std::size_t best = kTooFar;
  std::string found;
  for (const TableRef& candidate : existing) {
    std::size_t far = edit_distance(missing.name, candidate.name);
    if (candidate.schema != missing.schema) {
      if (candidate.name != missing.name) continue;
      far = 1;
    }
    if (far >= best || far * 2 > missing.name.size()) continue;
    best = far;
    found = ", did you mean " + to_text(candidate) + "?";
  }
  return found;
}

}  // namespace flusso
