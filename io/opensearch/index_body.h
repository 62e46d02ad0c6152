#pragma once
// The body of PUT /{index}: settings, analysis and the strict mapping of an index, from its typed mapping and the
// sink's options. Assembly order of a field, later wins: type; automatic analyzer and subfields; an ordered enum's
// `.sort`; the schema's options; properties of children. Beside the fields: with json or map fields dates are not
// guessed; a map gets a dynamic template for its values; the server's limits are raised only where the schema itself
// exceeds their defaults. Pure.

#include <cstdint>
#include <string>

#include "model/config/config.h"
#include "model/mapping/mapping.h"

namespace flusso::opensearch {

struct IndexBodyOptions {
  std::uint32_t shards = 1;
  std::uint32_t replicas = 1;
  TextAnalysis text_analysis = TextAnalysis::builtin;
  bool auto_subfields = true;
};

// Whether documents carry the hidden field of row tokens (model/row_token.h): indexed, never shown.
enum class HiddenField { no, row_tokens };

// The body of PUT /{index}/_mapping that adds that field to an existing index.
std::string render_token_mapping();

std::string render_index_body(const IndexMapping& mapping, const IndexBodyOptions& options,
                              HiddenField hidden = HiddenField::no);

}  // namespace flusso::opensearch
