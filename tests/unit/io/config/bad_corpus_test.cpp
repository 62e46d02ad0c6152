// tests/corpus/bad: each file breaks one rule; beside it stands what must be said about it, places and excerpts
// included. FLUSSO_UPDATE_CORPUS=1 writes the expectations anew: read the difference before you keep it.

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/files.h"
#include "tests/unit/io/config/reading_support.h"

namespace flusso::config {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const std::string& folder, const std::string& ending) {
  std::vector<std::string> names;
  for (const fs::path path : test::files_in(folder, ending)) names.push_back(path.filename().string());
  return names;
}

// The report with the corpus folder cut out of every path.
std::string portable(std::string report, const std::string& folder) {
  const std::string prefix = folder + "/";
  for (auto at = report.find(prefix); at != std::string::npos; at = report.find(prefix, at))
    report.erase(at, prefix.size());
  return report + "\n";
}

void expect_report(const std::string& folder, const std::string& name, const std::string& report) {
  const fs::path expected = fs::path(folder) / (name.substr(0, name.find('.')) + ".expected");
  if (std::getenv("FLUSSO_UPDATE_CORPUS") != nullptr) std::ofstream(expected, std::ios::binary) << report;
  EXPECT_EQ(report, test::read_file(expected)) << name;
}

TEST(BadCorpus, schemas_are_refused_with_their_messages) {
  const std::string folder = test::source_path("tests/corpus/bad/schema");
  const auto names = names_in("tests/corpus/bad/schema", ".schema.yml");
  ASSERT_GT(names.size(), 100U);
  for (const std::string& name : names) {
    const LoadedSchema loaded = load_schema(folder + "/" + name);
    EXPECT_FALSE(loaded.schema) << name;
    expect_report(folder, name, portable(loaded.diagnostics.render_errors(), folder));
  }
}

TEST(BadCorpus, configurations_are_refused_with_their_messages) {
  const std::string folder = test::source_path("tests/corpus/bad/config");
  const auto names = names_in("tests/corpus/bad/config", ".toml");
  ASSERT_GT(names.size(), 50U);
  for (const std::string& name : names) {
    const auto config = load_config(folder + "/" + name);
    ASSERT_FALSE(config) << name;
    EXPECT_EQ(config.error().kind, ErrorKind::config);
    EXPECT_EQ(config.error().code, "config.invalid");
    EXPECT_EQ(config.error().what.find("hunter2"), std::string::npos) << name << " shows a secret";
    expect_report(folder, name, portable(config.error().what, folder));
  }
}

}  // namespace
}  // namespace flusso::config
