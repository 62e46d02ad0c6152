#pragma once
// Names as they stand in the SQL of a cure: always quoted, so that it can be pasted as it is.

#include <string>
#include <string_view>

#include "model/schema/index_schema.h"

namespace flusso {

std::string quoted(std::string_view identifier);
std::string quoted(const TableRef& table);
std::string quoted_list(const KeyColumns& columns);  // "a", "b"
std::string plain_list(const KeyColumns& columns);   // a, b: for sentences

}  // namespace flusso
