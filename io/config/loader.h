#pragma once
// The front door: a deployment file and every schema it names, read and validated, all mistakes of all files at once.
// Nothing is contacted and no environment variable is read here; secrets stay references.

#include <optional>
#include <string>
#include <vector>

#include "io/config/diagnostics.h"
#include "io/config/documents.h"
#include "model/config/config.h"
#include "model/result.h"

namespace flusso::config {

struct Loaded {
  std::optional<Config> config;  // absent when there is an error
  Documents documents;           // what `config` was read from: the content of a lock
  Diagnostics diagnostics;       // errors and notes with their places
};

// Reads `path`; schema paths count from its folder. Disabled indexes are validated too. Thread: any; blocks on files.
Loaded load(const std::string& path);

struct LoadedSchema {
  std::optional<IndexSchema> schema;  // absent when there is an error
  Diagnostics diagnostics;
};

// One schema file by itself, read and validated. Thread: any; blocks on the file.
LoadedSchema load_schema(const std::string& path);

// As load; all errors rendered into one Error{config, "config.invalid"}, one after the other, so that printing
// `what` prints the list.
Result<Config> load_config(const std::string& path);

}  // namespace flusso::config
