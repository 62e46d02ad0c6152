#pragma once
// Which existing name was probably meant by one that does not exist.

#include <string>
#include <string_view>
#include <vector>

#include "model/schema/index_schema.h"

namespace flusso {

// The nearest candidate within two edits (model/words.h) and half the word, letters compared without case, else empty.
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

// ", did you mean schema.table?" or nothing: a near name in the same schema, or the very name in another one.
std::string table_suggestion(const TableRef& missing, const std::vector<TableRef>& existing);

}  // namespace flusso
