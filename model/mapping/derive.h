#pragma once
// A schema's typed mapping, without a database. Analyzers and subfields of the sink come later (io/opensearch);
// here is what the declared types alone say.

#include "model/mapping/mapping.h"
#include "model/schema/index_schema.h"

namespace flusso {

// `name`: the logical index name. `options: {type}` has become the field's type. Thread: any; pure.
IndexMapping derive_mapping(std::string name, const IndexSchema& schema);

// Whether anything in the mapping accepts keys that no schema names (json and map fields).
bool has_dynamic_fields(const IndexMapping& mapping);

}  // namespace flusso
