#pragma once
// Shared by the tests of the lock: files to bytes, and bytes that no writer of ours would make.

#include "io/config/lock_format.h"
#include "io/config/lock_reader.h"
#include "io/config/lock_writer.h"
#include "io/config/toml_config.h"
#include "io/config/toml_tree.h"
#include "io/config/yaml_tree.h"
#include "tests/support/files.h"
#include "tests/unit/io/config/reading_support.h"

namespace flusso::config {

inline const std::string kCorpus = test::source_path("tests/corpus/");

inline std::string lock_of(const Documents& documents, std::string_view version = "0.0.0") {
  auto bytes = encode_lock(documents, version);
  EXPECT_TRUE(bytes) << (bytes ? "" : bytes.error().what);
  return bytes ? *bytes : std::string();
}

inline Loaded loaded(const std::string& path) {
  Loaded made = load(path);
  EXPECT_TRUE(made.config) << made.diagnostics.render_errors();
  return made;
}

inline std::optional<Node> toml(std::string_view text) {
  Diagnostics report;
  Reading reading("text", report);
  return parse_toml(text, reading);
}
// Nothing when the text has a mistake of its own already.
inline std::optional<Node> yaml(std::string_view text) {
  Diagnostics report;
  Reading reading("text", report);
  auto node = parse_yaml(text, reading);
  return report.has_errors() ? std::nullopt : std::move(node);
}

// A deployment of one index with this schema, as trees.
inline Documents documents_with(Node schema) {
  Documents documents;
  documents.config =
      *toml("[source]\ntype = \"postgres\"\n[[index]]\nname = \"a\"\nschema = \"a.yml\"\nenabled = true\n");
  documents.schemas.emplace("a.yml", std::move(schema));
  return documents;
}

// Makes bytes that end before the checksum look whole.
inline std::string sealed(std::string bytes) {
  bytes += kChecksumKey;
  return bytes + lock_checksum(bytes);
}

}  // namespace flusso::config
