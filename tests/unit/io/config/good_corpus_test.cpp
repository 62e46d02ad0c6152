// tests/corpus/good: files that load, all samples of the manual among them (manual/); beside each schema stands the
// mapping that follows from it. FLUSSO_UPDATE_CORPUS=1 writes the mappings anew: read the difference before you keep
// it.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "io/config/check_report.h"
#include "model/mapping/derive.h"
#include "tests/support/files.h"
#include "tests/unit/io/config/reading_support.h"

namespace flusso::config {
namespace {

namespace fs = std::filesystem;

// The files of several folders of tests/corpus/good.
std::vector<fs::path> good_files(const std::vector<std::string>& folders, const std::string& ending) {
  std::vector<fs::path> paths;
  for (const std::string& folder : folders)
    for (const std::string& path : test::files_in("tests/corpus/good/" + folder, ending)) paths.emplace_back(path);
  return paths;
}

// FLUSSO_UPDATE_CORPUS=1 writes `text` there first: read the difference before you keep it.
void expect_recorded(const std::string& text, const fs::path& path) {
  if (std::getenv("FLUSSO_UPDATE_CORPUS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(text, test::read_file(path)) << path;
}

void describe(const std::vector<MappingField>& fields, const std::string& indent, std::string& out) {
  for (const MappingField& field : fields) {
    out += fmt::format("{}{}: {}{} {}", indent, field.name, field.type, field.array ? "[]" : "",
                       field.nullable ? "optional" : "required");
    if (!field.options.empty()) out += " " + to_json(Value{field.options});
    if (!field.map_values_type.empty()) out += " of " + field.map_values_type;
    for (const std::string& variant : field.variants) out += " <" + variant;
    out += "\n";
    describe(field.children, indent + "  ", out);
  }
}

TEST(GoodCorpus, schemas_load_and_have_their_mapping) {
  const auto paths = good_files({"schema", "manual"}, ".schema.yml");
  ASSERT_GE(paths.size(), 30U);
  for (const fs::path& path : paths) {
    LoadedSchema loaded = load_schema(path.string());
    ASSERT_TRUE(loaded.schema) << loaded.diagnostics.render_errors();
    const IndexMapping mapping = derive_mapping("index", *loaded.schema);
    std::string text = fmt::format("hash {}\n", mapping.hash);
    describe(mapping.fields, "", text);
    std::string expected = path.string();
    expected.replace(expected.size() - std::string(".schema.yml").size(), std::string::npos, ".mapping");
    expect_recorded(text, expected);
  }
}

TEST(GoodCorpus, configurations_load_and_their_report_shows_no_secret) {
  const auto paths = good_files({"config", "manual"}, ".toml");
  ASSERT_GE(paths.size(), 15U);
  for (const fs::path& path : paths) {
    const auto config = load_config(path.string());
    ASSERT_TRUE(config) << config.error().what;
    const std::string report = render_check(*config, path.filename().string(), false);
    EXPECT_EQ(report.find("hunter2"), std::string::npos) << report;
    std::string expected = path.string();
    expected.replace(expected.size() - std::string(".toml").size(), std::string::npos, ".check");
    expect_recorded(report, expected);
  }
}

}  // namespace
}  // namespace flusso::config
