#pragma once
// A deployment's files as trees: the form between parsing and reading. The loader gets them from text and a lock holds
// nothing else, so whatever a reader or a rule refuses in a file it refuses in a lock too.

#include <map>
#include <optional>
#include <string>

#include "io/config/diagnostics.h"
#include "io/config/tree.h"
#include "model/config/config.h"

namespace flusso::config {

struct Documents {
  Node config;                          // flusso.toml
  std::map<std::string, Node> schemas;  // by path as the configuration writes it
};

// One schema, read and held against its rules; `file` stands before its mistakes. Whether it may be used is said by
// `report` alone.
std::optional<IndexSchema> read_validated(const Node& schema, const std::string& file, Diagnostics& report);

// All of them as one configuration, or the mistakes in `report`. `origin` stands before those of the configuration,
// and before the path of a schema.
std::optional<Config> read_documents(const Documents& documents, const std::string& origin, Diagnostics& report);

}  // namespace flusso::config
