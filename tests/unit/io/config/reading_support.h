#pragma once
// Shared by the tests of io/config: YAML text to schema, files in a folder of their own.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "io/config/loader.h"
#include "io/config/yaml_schema.h"
#include "model/schema/validate.h"
#include "tests/support/scratch_folder.h"

namespace flusso::config {

// The schema of valid text; fails the test otherwise.
inline IndexSchema schema_of(std::string_view yaml) {
  Diagnostics report;
  report.add_source("schema.yml", yaml, Excerpts::plain);
  Reading reading("schema.yml", report);
  auto schema = read_schema(yaml, reading);
  EXPECT_FALSE(report.has_errors()) << report.render_errors();
  if (!schema) return {};
  for (const SchemaFinding& finding : validate_schema(*schema)) ADD_FAILURE() << finding.message;
  return std::move(*schema);
}

// Files in a folder that disappears with the test.
class Folder : public test::ScratchFolder {
 public:
  std::string write(const std::string& name, std::string_view text) const {
    const std::filesystem::path file = std::filesystem::path(path()) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
};

}  // namespace flusso::config
