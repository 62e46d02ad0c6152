// Files made to crash the parsers, to fill the memory or to take forever. The suite's time is the measure: each of
// these took minutes, gigabytes or the process before it was bounded.

#include <gtest/gtest.h>

#include "io/config/toml_depth.h"
#include "tests/unit/io/config/lock_support.h"

namespace flusso::config {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

// The first message about the configuration, or nothing.
std::string first_error(const std::string& text) {
  Diagnostics report;
  Reading reading("f.toml", report);
  (void)read_config(text, reading);
  (void)report.render_errors();
  return report.has_errors() ? report.sorted().front().message : std::string();
}
std::string first_schema_error(const std::string& text) {
  Diagnostics report;
  Reading reading("f.yml", report);
  (void)read_schema(text, reading);
  (void)report.render_errors();
  return report.has_errors() ? report.sorted().front().message : std::string();
}

TEST(HostileToml, nesting_is_measured_before_it_is_built) {
  const std::string dots = repeated("a.", 1'000'000) + "a";
  for (const std::string& text :
       {dots + " = 1", "[" + dots + "]", "[[" + dots + "]]", "x = { " + dots + " = 1 }", "x = [{ " + dots + " = 1 }]",
        repeated("'a'.", 500'000) + "a = 1", "x = " + repeated("[", 1'000'000), "x = " + repeated("{a=", 1'000'000),
        "[" + repeated("a.", 150) + "a]\n" + repeated("b.", 150) + "b = 1",
        repeated("a.", 150) + "a = {" + repeated("b.", 150) + "b = 1 }", "x = \"\"\"\"\"\"\"\"\"\"\n" + dots + " = 1",
        "x = '''a''''', " + dots + " = 1"})
    EXPECT_EQ(first_error(text), "keys and values are nested too deeply") << text.substr(0, 40);
}

TEST(HostileToml, dots_that_nest_nothing_are_not_counted) {
  const std::string dots = repeated(".", 1000);
  for (const std::string& text :
       {"x = \"" + dots + "\"", "x = '" + dots + "'", "x = \"\"\"\n" + dots + "\n\"\"\"", "x = '''" + dots + "'''",
        "# " + dots, "x = \"\\\"" + dots + "\"", "x = [" + repeated("1.5, ", 1000) + "]",
        "x = [" + repeated("{a.b = 1},\n", 1000) + "]", repeated("[a.b.c]\nd.e.f = 1\n", 1000),
        repeated("[[a.b.c]]\nd.e.f = 1\n", 1000), "[" + repeated("a.", 190) + "a]\nb = 1"})
    EXPECT_FALSE(too_deep_line(text)) << text.substr(0, 40);
}

TEST(HostileToml, the_line_of_the_depth_is_told) {
  EXPECT_EQ(too_deep_line("x = 1\ny = \"\"\"\n\n\"\"\"\n" + repeated("a.", 300) + "a = 1"), 5);
}

TEST(HostileToml, letters_are_no_blanks) {
  for (const char* text : {"\xCE\x8F", "\xC3\xA9 = 1", "x = \"\\\xC3\xA9\""}) EXPECT_NE(first_error(text), "") << text;
  const auto root = toml("x = \"\"\"\\\n   \xC3\xA9 \xD0\xAF\"\"\"");
  ASSERT_TRUE(root);
  EXPECT_EQ(*root->mapping()->front().value.text(), "\xC3\xA9 \xD0\xAF");
}

TEST(HostileToml, many_values_entries_and_unknown_keys_end_in_time) {
  EXPECT_EQ(first_error("x = [" + repeated("1,", 1'000'000) + "]"), "the file holds too many values");
  std::string text = "[source]\ntype = \"postgres\"\n";
  for (int i = 0; i < 60'000; ++i) text += "[[index]]\nname = \"i" + std::to_string(i) + "\"\n";
  EXPECT_NE(first_error(text), "");
  text = "[source]\ntype = \"postgres\"\n";
  for (int i = 0; i < 60'000; ++i) text += "[sinks.s" + std::to_string(i) + "]\ntype = \"stdout\"\n";
  EXPECT_EQ(first_error(text), "");
  text = "[source]\ntype = \"postgres\"\n";
  for (int i = 0; i < 150'000; ++i) text += "manage_publicatoin" + std::to_string(i) + " = 1\n";
  EXPECT_NE(first_error(text), "");
}

TEST(HostileYaml, a_long_text_that_aliases_repeat_is_stopped) {
  const std::string anchor = "a: &a " + std::string(1'000'000, 'x') + "\n";
  EXPECT_EQ(first_schema_error(anchor + "b: [" + repeated("*a ,", 100'000) + "*a ]\n"), "aliases repeat too much text");
  EXPECT_EQ(first_schema_error(repeated("&a [ ", 150) + std::string(1'000'000, 'x') + repeated("]", 150)),
            "aliases repeat too much text");
}

TEST(HostileYaml, one_long_line_takes_linear_time) {
  EXPECT_NE(first_schema_error("[" + repeated("äöü: x, ", 90'000) + "]"), "");
  EXPECT_NE(first_schema_error("{" + repeated("aaaaaaaaaaaaaaaaaaaaaaaaa, ", 90'000) + "}"), "");
}

TEST(HostileYaml, many_unknown_keys_and_fields_end_in_time) {
  std::string text = "version: 1\ntable: t\nfields: [{keyword: a}]\n";
  for (int i = 0; i < 90'000; ++i) text += "primary_kye" + std::to_string(i) + ": 1\n";
  EXPECT_NE(first_schema_error(text), "");
  text = "version: 1\ntable: t\nfields:\n";
  for (int i = 0; i < 60'000; ++i) text += "  - keywrd: f" + std::to_string(i) + "\n";
  EXPECT_NE(first_schema_error(text), "");
}

}  // namespace
}  // namespace flusso::config
