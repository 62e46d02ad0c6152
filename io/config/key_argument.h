#pragma once
// A row's key as people give it on a command line: the `_id` that a document has, or the key's parts as a JSON array.
//
//   7        '[7]'             a plain key
//   7:a%3Ab  '[7, "a:b"]'      a composite key
//
// Text that is no JSON array of the right length is taken as it stands.

#include <string>
#include <string_view>

#include "model/result.h"
#include "model/schema/index_schema.h"

namespace flusso::config {

// The key text (model/row_key.h) for a key of these columns. Errors: config.key, with the forms that are understood.
// Thread: any; pure.
Result<std::string> parse_key_argument(std::string_view given, const KeyColumns& columns);

}  // namespace flusso::config
