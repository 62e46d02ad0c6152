// From a schema file to the index body, against bodies that were read by people. FLUSSO_UPDATE_GOLDEN=1 writes them
// anew; the tests on a node create an index from one of them.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "io/opensearch/index_body.h"
#include "model/mapping/derive.h"
#include "tests/support/files.h"
#include "tests/unit/io/config/reading_support.h"

namespace flusso::opensearch {
namespace {

using nlohmann::json;

std::string golden_file(const std::string& name) { return test::source_path("tests/golden/mapping/" + name); }

struct Variant {
  const char* name;
  IndexBodyOptions options;
};

TEST(GoldenBody, every_kind_of_field_has_the_body_that_stands_beside_its_schema) {
  const IndexMapping mapping =
      derive_mapping("items", config::schema_of(test::read_file(golden_file("every_field.schema.yml"))));
  for (const Variant& variant :
       {Variant{"builtin", {1, 0, TextAnalysis::builtin, true}}, Variant{"icu", {1, 0, TextAnalysis::icu, true}},
        Variant{"bare", {1, 0, TextAnalysis::builtin, false}}}) {
    const std::string name = std::string("every_field.") + variant.name + ".json";
    const json body = json::parse(render_index_body(mapping, variant.options));
    if (std::getenv("FLUSSO_UPDATE_GOLDEN") != nullptr) std::ofstream(golden_file(name)) << body.dump(1) << '\n';
    const json wanted = json::parse(test::read_file(golden_file(name)), nullptr, false);
    EXPECT_EQ(json::diff(wanted, body), json::array()) << name;
  }
}

}  // namespace
}  // namespace flusso::opensearch
