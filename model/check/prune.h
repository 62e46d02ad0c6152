#pragma once
// An index without its parts that have errors, so that what is left can be compiled and planned: one mistake must not
// hide the next.

#include <optional>

#include "model/check/facts.h"
#include "model/check/finding.h"
#include "model/schema/index_schema.h"

namespace flusso {

// Absent when the root table or its key is among the errors. Tables that cannot be used count as errors too.
std::optional<IndexSchema> without_errors(const std::string& index, const IndexSchema& schema,
                                          const DatabaseFacts& facts, const CheckFindings& findings);

// A field that reads nothing: stands where a list of fields must not be empty.
Field placeholder();

}  // namespace flusso
