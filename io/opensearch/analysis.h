#pragma once
// settings.analysis of every index: the flusso_* analyzers and, per ordered enum, a normalizer that turns each variant
// into its rank. A value is ranked only as a whole: it is first wrapped in two marks (private-use characters), the
// rules map mark + variant + mark to the rank, and marks that are left (unknown values) are taken away again.

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/config/config.h"

namespace flusso::opensearch {

class Analysis {
 public:
  explicit Analysis(TextAnalysis kind) : kind_(kind) {}

  // Adds the ordered enum at that dotted document path; returns the name of its normalizer. Paths that differ only in
  // punctuation get different names.
  std::string add_ordered_enum(std::string_view path, const std::vector<std::string>& variants);
  nlohmann::json render() const;

 private:
  TextAnalysis kind_;
  std::map<std::string, std::vector<std::string>> ordered_enums_;  // normalizer name → variants in order
};

}  // namespace flusso::opensearch
