// What a check says, for people and as JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/config/check_result.h"
#include "io/config/loader.h"
#include "tests/support/files.h"

namespace flusso::config {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kGoodConfigs = test::source_path("tests/corpus/good/config/");

json of(const std::string& name, const std::optional<CheckFindings>& findings = std::nullopt,
        const std::optional<Coverage>& coverage = std::nullopt) {
  const auto config = load_config(kGoodConfigs + name);
  if (!config) {
    ADD_FAILURE() << config.error().what;
    return {};
  }
  return json::parse(check_json(&*config, findings, coverage));
}

TEST(CheckJson, nothing_looked_at_is_null) {
  const json report = of("manual_complete.toml");
  EXPECT_TRUE(report["coverage"].is_null());
  EXPECT_TRUE(report["diagnostics"].is_null());
  EXPECT_EQ(report.size(), 4u);
}

TEST(CheckJson, mappings_hold_enabled_indexes_with_hash_and_full_name) {
  const json mappings = of("everything.toml")["mappings"];
  ASSERT_EQ(mappings.size(), 1u);
  EXPECT_EQ(mappings[0]["index"], "things");
  EXPECT_EQ(mappings[0]["hash"], "3d7e504b");
  EXPECT_EQ(mappings[0]["name_hash"], "dev_things_3d7e504b");
  const json& identifier = mappings[0]["fields"][1];
  EXPECT_EQ(identifier["name"], "anIdentifier");
  EXPECT_EQ(identifier["nullable"], true);
  EXPECT_EQ(identifier["mapping"], json::parse(R"({"type": "text", "analyzer": {"String": "flusso_code"}})"));
  EXPECT_FALSE(identifier.contains("children"));
  EXPECT_FALSE(identifier.contains("array"));
}

TEST(CheckJson, literal_secrets_are_stars_and_references_stay) {
  const json plain = of("literal_secrets.toml");
  EXPECT_THAT(plain.dump(), Not(HasSubstr("hunter2")));
  EXPECT_EQ(plain["config"]["source"]["connection"], json::parse(R"({"url": {"value": "***"}})"));
  EXPECT_EQ(plain["config"]["sinks"]["primary"]["opensearch"]["password"], json::parse(R"({"value": "***"})"));
  const json parts = of("everything.toml")["config"];
  EXPECT_EQ(parts["source"]["connection"]["parts"]["password"], json::parse(R"({"env": "PGPASSWORD"})"));
  EXPECT_EQ(parts["source"]["connection"]["parts"]["port"], 6543);
  EXPECT_EQ(parts["indexes"]["items"]["enabled"], false);
  EXPECT_EQ(parts["indexes"]["things"]["on_error"], "stop");
  EXPECT_EQ(parts["indexes"]["items"]["schema"]["primary_key"], json::parse(R"(["tenant_id", "Id"])"));
}

TEST(CheckJson, findings_carry_their_place) {
  const CheckFindings findings{
      {FindingSeverity::error, "things", "a.b", "wrong", {"x.schema.yml", 3, 5}, FindingPart::field},
      {FindingSeverity::warning, "", "", "slow", {}, FindingPart::deployment}};
  const json list = of("everything.toml", findings)["diagnostics"];
  EXPECT_EQ(list[0], json::parse(R"({"severity": "error", "index": "things", "field": "a.b", "message": "wrong",
                                     "file": "x.schema.yml", "line": 3, "column": 5})"));
  EXPECT_EQ(list[1], json::parse(R"({"severity": "warning", "index": "", "field": "", "message": "slow",
                                     "file": null, "line": null, "column": null})"));
}

TEST(CheckJson, coverage_says_what_is_missing_and_how_to_cure_it) {
  Coverage coverage;
  coverage.missing = {{"public", "a"}};
  coverage.present = {{"public", "b"}};
  coverage.remediation = {"ALTER PUBLICATION …;"};
  coverage.will_manage = false;
  EXPECT_EQ(of("everything.toml", CheckFindings{}, coverage)["coverage"],
            json::parse(R"({"blockers": [], "manageable": true, "missing": ["public.a"], "present": ["public.b"],
                            "remediation": ["ALTER PUBLICATION …;"], "satisfied": false, "will_manage": false})"));
}

TEST(CheckJson, files_that_do_not_load_are_findings_too) {
  const Loaded loaded = load(test::source_path("tests/corpus/bad/config/index_without_name.toml"));
  const json report = json::parse(check_json(nullptr, findings_of(loaded.diagnostics.sorted()), std::nullopt));
  EXPECT_TRUE(report["config"].is_null());
  EXPECT_TRUE(report["mappings"].empty());
  ASSERT_FALSE(report["diagnostics"].empty());
  EXPECT_EQ(report["diagnostics"][0]["severity"], "error");
  EXPECT_GT(report["diagnostics"][0]["line"], 0);
  EXPECT_THAT(report["diagnostics"][0]["file"].get<std::string>(), HasSubstr("index_without_name.toml"));
}

TEST(CheckJson, bytes_that_are_no_utf8_do_not_break_it) {
  const CheckFindings findings{{FindingSeverity::error, "i", "f", "bad \xff byte", {}, FindingPart::field}};
  EXPECT_NO_THROW(of("everything.toml", findings));
}

TEST(CheckText, no_finding_is_said_in_brackets) {
  EXPECT_EQ(render_findings({}, false),
            "\nDatabase validation\n───────────────────\n  (schema matches the database)\n");
}

TEST(CheckText, findings_are_aligned_and_carry_their_place) {
  const CheckFindings findings{{FindingSeverity::error, "users", "email", "wrong", {"u.yml", 3, 5}, FindingPart::field},
                               {FindingSeverity::warning, "", "", "slow", {}, FindingPart::deployment}};
  EXPECT_EQ(render_findings(findings, false),
            "\nDatabase validation\n───────────────────\n"
            "  [error]    users.email  wrong  (u.yml:3:5)\n"
            "  [warning]  source       slow\n");
  EXPECT_THAT(render_findings(findings, true), HasSubstr("\x1b[31m[error]\x1b[0m    users.email"));
}

TEST(CheckText, a_terminal_is_not_steered_by_what_a_file_holds) {
  const CheckFindings findings{{FindingSeverity::error, "users", "f", "\x1b[2J", {}, FindingPart::field}};
  EXPECT_THAT(render_findings(findings, false), Not(HasSubstr("\x1b")));
}

TEST(CheckText, coverage_tells_who_closes_the_gap) {
  Coverage coverage;
  coverage.present = {{"public", "b"}, {"public", "c"}};
  EXPECT_THAT(render_coverage(coverage, false), HasSubstr("✓ source streams all 2 required table(s)"));
  coverage.missing = {{"public", "a"}};
  coverage.remediation = {"ALTER PUBLICATION x;"};
  EXPECT_THAT(render_coverage(coverage, false), HasSubstr("  ! 1 table(s) the indexes read are not yet streamed:\n"
                                                          "    • public.a\n"
                                                          "  → will be added automatically on the next `flusso run`\n"
                                                          "\nRun to stream every table\n"));
  coverage.will_manage = false;
  EXPECT_THAT(render_coverage(coverage, false), HasSubstr("automatic management is off"));
  coverage.blockers = {"role \"app\" does not own table public.a"};
  EXPECT_THAT(render_coverage(coverage, false), HasSubstr("  → flusso will NOT create these automatically:\n"
                                                          "    - role \"app\" does not own table public.a\n"));
}

}  // namespace
}  // namespace flusso::config
