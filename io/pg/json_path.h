#pragma once
// The field at a place in a document, as a dotted path: "orders.placedAt". Only asked when a value was lost, so that
// nothing has to be carried along for the others. Thread: any; pure.

#include <functional>
#include <string_view>
#include <vector>

#include "io/pg/marked_text.h"

namespace flusso::pg {

// Calls `found` for each lost value, in order, with its path; elements of an array have the array's path. `document`
// is valid JSON, read once.
void each_lost_field(std::string_view document, const std::vector<LostValue>& lost,
                     const std::function<void(std::string_view path, LossKind kind)>& found);

}  // namespace flusso::pg
