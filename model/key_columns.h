#pragma once
// Questions about lists of columns. Thread: any; pure.

#include <algorithm>
#include <string_view>

#include "model/schema/index_schema.h"

namespace flusso {

inline bool contains(const KeyColumns& columns, std::string_view name) {
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

// Each of the wanted columns is among them, in whatever order.
inline bool covers(const KeyColumns& columns, const KeyColumns& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& name) { return contains(columns, name); });
}

}  // namespace flusso
