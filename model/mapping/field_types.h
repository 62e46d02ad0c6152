#pragma once
// Which OpenSearch type a declared type becomes, and which other types could hold it when `options` names one.

#include <string_view>

#include "model/schema/index_schema.h"

namespace flusso {

// "text", "keyword", "long", …; custom has none of its own and gives an empty text.
std::string_view mapping_type(FieldKind kind);

// Whether a field of `kind` may be mapped as `type` instead.
bool can_be_mapped_as(FieldKind kind, std::string_view type);

}  // namespace flusso
