#include "io/pg/json_path.h"

#include <string>

namespace flusso::pg {
namespace {

// One object or array around the place; an array has no key.
struct Level {
  bool object = false;
  std::string_view key;
};

std::string path_of(const std::vector<Level>& levels) {
  std::string path;
  for (const Level& level : levels) {
    if (!level.object) continue;
    if (!path.empty()) path += '.';
    path += level.key;
  }
  return path;
}

// The quote that ends the string whose content begins at `at`.
std::size_t end_of_string(std::string_view document, std::size_t at) {
  while (at < document.size() && document[at] != '"') at += document[at] == '\\' ? 2 : 1;
  return at;
}

}  // namespace

void each_lost_field(std::string_view document, const std::vector<LostValue>& lost,
                     const std::function<void(std::string_view path, LossKind kind)>& found) {
  std::vector<Level> levels;
  bool wants_key = false;
  std::size_t next = 0;
  for (std::size_t at = 0; at < document.size() && next < lost.size(); ++at) {
    if (at == lost[next].at) found(path_of(levels), lost[next++].kind);
    switch (document[at]) {
      case '{':
      case '[':
        wants_key = document[at] == '{';
        levels.push_back({wants_key, {}});
        break;
      case '}':
      case ']':
        if (!levels.empty()) levels.pop_back();
        wants_key = false;
        break;
      case ',':
        wants_key = !levels.empty() && levels.back().object;
        break;
      case '"': {
        const std::size_t end = end_of_string(document, at + 1);
        if (wants_key) levels.back().key = document.substr(at + 1, end - at - 1);
        wants_key = false;
        at = end;
        break;
      }
      default:
        break;
    }
  }
}

}  // namespace flusso::pg
