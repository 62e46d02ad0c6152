#pragma once
// The typed mapping of one index, derived from its schema without a database. Sink options (subfields, analysis)
// are applied later, when io/opensearch renders the index body.

#include <string>
#include <vector>

#include "model/value.h"

namespace flusso {

struct MappingField {
  std::string name;
  std::string type;  // OpenSearch type: "keyword", "nested", …
  ValueMap options;  // the schema's options plus injected ones (identifier's analyzer, map's dynamic)
  bool nullable = true;
  bool array = false;                 // an `ids` aggregate
  std::vector<std::string> variants;  // ordered enum
  std::string map_values_type;        // a map: the mapping type of every value, else empty
  ValueMap map_values_options;        // a map: what the type of its values brings along (identifier's analyzer)
  std::vector<MappingField> children;
};

struct IndexMapping {
  std::string name;  // logical name, without prefix
  std::string hash;  // 8 hex digits over the schema (model/mapping/content_hash.h)
  std::vector<MappingField> fields;
};

}  // namespace flusso
