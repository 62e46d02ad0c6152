#pragma once
// Which OpenSearch type a declared type becomes, and which other types could hold it when `options` names one.

#include <string_view>
#include <vector>

#include "model/schema/index_schema.h"

namespace flusso {

// "text", "keyword", "long", …; custom has none of its own and gives an empty text.
std::string_view mapping_type(FieldKind kind);

// The types that a field of `kind` may be mapped as, its own among them; none for custom, which has only its own.
std::vector<std::string_view> types_that_hold(FieldKind kind);
bool can_be_mapped_as(FieldKind kind, std::string_view type);

}  // namespace flusso
