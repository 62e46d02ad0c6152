#pragma once
// Filters out of a tree: `{raw}`, `{column, op: is_null | is_not_null}` or `{column, op, value}`.

#include "io/config/reading.h"
#include "model/schema/index_schema.h"

namespace flusso::config {

// A list of filters; what is no list gives nothing. `what` names the list: "`filters`".
Filters read_filters(Reading& reading, const Node& node, std::string_view what);

}  // namespace flusso::config
