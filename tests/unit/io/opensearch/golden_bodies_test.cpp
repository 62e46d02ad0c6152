// From schema file to index body, whole: golden/ holds what PUT /{index} sends for some schemas of tests/corpus/good.
// FLUSSO_UPDATE_CORPUS=1 writes the bodies anew: read the difference before you keep it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "io/config/loader.h"
#include "io/opensearch/index_body.h"
#include "model/mapping/derive.h"

namespace flusso::opensearch {
namespace {

struct Golden {
  const char* name;
  const char* schema;
  IndexBodyOptions options;
};

const Golden kGoldens[] = {
    {"every_kind", "schema/every_kind", {3, 2, TextAnalysis::builtin, true}},
    {"every_kind_without_auto_subfields", "schema/every_kind", {1, 0, TextAnalysis::builtin, false}},
    {"maps", "manual/maps", {1, 1, TextAnalysis::builtin, true}},
    {"maps_without_auto_subfields", "manual/maps", {1, 1, TextAnalysis::builtin, false}},
    {"relations", "schema/relations_of_all_shapes", {1, 1, TextAnalysis::builtin, true}},
    {"users_with_icu", "manual/users", {1, 1, TextAnalysis::icu, true}},
};

std::string source_file(const std::string& path) { return std::string(FLUSSO_SOURCE_DIR) + "/tests/" + path; }

std::string text_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST(GoldenBodies, schemas_become_the_index_bodies_that_stand_there) {
  for (const Golden& golden : kGoldens) {
    const auto loaded = config::load_schema(source_file("corpus/good/" + std::string(golden.schema) + ".schema.yml"));
    ASSERT_TRUE(loaded.schema) << loaded.diagnostics.render_errors();
    const std::string body = render_index_body(derive_mapping(golden.name, *loaded.schema), golden.options);
    const std::string shown = nlohmann::json::parse(body).dump(2) + "\n";
    const std::string file = source_file("unit/io/opensearch/golden/" + std::string(golden.name) + ".json");
    if (std::getenv("FLUSSO_UPDATE_CORPUS") != nullptr) std::ofstream(file, std::ios::binary) << shown;
    EXPECT_EQ(shown, text_of(file)) << golden.name;
  }
}

}  // namespace
}  // namespace flusso::opensearch
