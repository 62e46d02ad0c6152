#pragma once
// The rules of a schema that need no file and no database: what compares one part with another. A schema built by
// hand passes the same gate as one read from YAML.

#include <string>
#include <vector>

#include "model/schema/index_schema.h"

namespace flusso {

struct SchemaFinding {
  Position at;
  std::string message;
  std::string expected;
  std::string hint;
  // The finding says that something is absent: worthless if a reader has left it out because it was broken.
  bool something_missing = false;
};

// Every violation, in schema order; an empty list means the schema may be used. Fills SoftDelete::column from the
// field it names. Thread: any; pure otherwise.
std::vector<SchemaFinding> validate_schema(IndexSchema& schema);

}  // namespace flusso
