#pragma once
// The fields of a document: each item of a `fields` list has one type key, whose value is the document key, and the
// siblings that this type allows. Joins and aggregates have their own files.

#include <vector>

#include "io/config/reading.h"
#include "io/config/section.h"
#include "model/schema/index_schema.h"

namespace flusso::config {

// What the readers of one schema file share.
struct SchemaReading {
  Reading& reading;
  std::string schema;  // the root's, default of every related table
};

// A `fields` list; items with mistakes are reported and left out, an empty list is reported.
std::vector<Field> read_fields(SchemaReading& schema, const Node& node);

// Readers shared by the kinds of fields. Each asks the section for its keys.
void read_options(Reading& reading, Section& section, Field& field);
bool read_required(Reading& reading, Section& section);
// `column`, else the document key folded to lower case.
std::string read_column(Reading& reading, Section& section, const std::string& document_key);
// A type name such as `long`. `what` is the key, `expected` the words it may be.
std::optional<FieldKind> read_kind(Reading& reading, const Node& node, std::string_view what,
                                   const std::vector<FieldKind>& allowed);
const std::vector<FieldKind>& scalar_kinds();  // all that have a type key of their own, custom left out

}  // namespace flusso::config
