// tests/corpus/bad: each file breaks one rule; beside it stands what must be said about it, places and excerpts
// included. FLUSSO_UPDATE_CORPUS=1 writes the expectations anew: read the difference before you keep it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "tests/unit/io/config/reading_support.h"

namespace flusso::config {
namespace {

namespace fs = std::filesystem;

std::string corpus(const std::string& folder) { return std::string(FLUSSO_SOURCE_DIR) + "/tests/corpus/" + folder; }

std::string text_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream out;
  out << stream.rdbuf();
  return out.str();
}

std::vector<std::string> files_in(const std::string& folder, const std::string& suffix) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(corpus(folder)))
    if (entry.path().string().ends_with(suffix)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
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
  EXPECT_EQ(report, text_of(expected)) << name;
}

TEST(BadCorpus, schemas_are_refused_with_their_messages) {
  const std::string folder = corpus("bad/schema");
  const auto names = files_in("bad/schema", ".schema.yml");
  ASSERT_GT(names.size(), 100U);
  for (const std::string& name : names) {
    const LoadedSchema loaded = load_schema(folder + "/" + name);
    EXPECT_FALSE(loaded.schema) << name;
    expect_report(folder, name, portable(loaded.diagnostics.render_errors(), folder));
  }
}

TEST(BadCorpus, configurations_are_refused_with_their_messages) {
  const std::string folder = corpus("bad/config");
  const auto names = files_in("bad/config", ".toml");
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
