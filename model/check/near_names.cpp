#include "model/check/near_names.h"

#include <algorithm>

#include "model/schema/names.h"
#include "model/words.h"

namespace flusso {
namespace {

constexpr std::size_t kTooFar = 3;

// Letters compared without case.
std::size_t distance(std::string_view a, std::string_view b) { return edit_distance(folded(a), folded(b)); }

}  // namespace

std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates) {
  std::size_t best = kTooFar;
  std::string found;
  for (const std::string& candidate : candidates) {
    const std::size_t far = distance(word, candidate);
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
    std::size_t far = distance(missing.name, candidate.name);
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
