#include "io/config/yaml_tree.h"

#include <gtest/gtest.h>

#include <optional>

#include "io/config/yaml_scalar.h"

namespace flusso::config {
namespace {

// What a plain scalar becomes, as "kind text".
std::string meaning(std::string_view text) {
  const PlainScalar scalar = resolve_plain_scalar(text);
  if (!scalar.problem.empty()) return "problem";
  const auto& data = scalar.value.data;
  if (scalar.value.is_null()) return "null";
  if (const bool* flag = std::get_if<bool>(&data)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&data)) return "integer " + std::to_string(*number);
  if (const auto* digits = std::get_if<Digits>(&data)) return "number " + digits->text;
  return "string " + *scalar.value.text();
}

TEST(PlainScalar, words_of_the_core_schema) {
  for (const char* text : {"", "~", "null", "Null", "NULL"}) EXPECT_EQ(meaning(text), "null") << text;
  for (const char* text : {"true", "True", "TRUE"}) EXPECT_EQ(meaning(text), "true") << text;
  for (const char* text : {"false", "False", "FALSE"}) EXPECT_EQ(meaning(text), "false") << text;
  for (const char* text :
       {"yes", "no", "on", "off", "y", "tRUE", "nULL", "12:30", "1_000", "2024-01-01", "0b1", "1e", "."})
    EXPECT_EQ(meaning(text), std::string("string ") + text);
}

TEST(PlainScalar, leading_zeros_make_a_string) {
  for (const char* text : {"0123", "00", "-01", "+007", "01.5", "00e1"})
    EXPECT_EQ(meaning(text), std::string("string ") + text);
  EXPECT_EQ(meaning("0"), "integer 0");
  EXPECT_EQ(meaning("0.5"), "number 0.5");
}

TEST(PlainScalar, integers) {
  EXPECT_EQ(meaning("+5"), "integer 5");
  EXPECT_EQ(meaning("-0"), "integer 0");
  EXPECT_EQ(meaning("0o17"), "integer 15");
  EXPECT_EQ(meaning("0x10"), "integer 16");
  EXPECT_EQ(meaning("0xfF"), "integer 255");
  EXPECT_EQ(meaning("-9223372036854775808"), "integer -9223372036854775808");
}

TEST(PlainScalar, numbers_that_64_bits_do_not_hold_keep_their_digits) {
  EXPECT_EQ(meaning("9223372036854775808"), "number 9223372036854775808");
  EXPECT_EQ(meaning("0xFFFFFFFFFFFFFFFF"), "number 18446744073709551615");
  EXPECT_EQ(meaning("0.1234567890123456789012345678901234567890"), "number 0.1234567890123456789012345678901234567890");
  EXPECT_EQ(meaning("0x10000000000000000"), "problem");
}

TEST(PlainScalar, fractions_are_written_as_json_allows) {
  EXPECT_EQ(meaning("1.50"), "number 1.50");
  EXPECT_EQ(meaning(".5"), "number 0.5");
  EXPECT_EQ(meaning("-.5"), "number -0.5");
  EXPECT_EQ(meaning("1."), "number 1");
  EXPECT_EQ(meaning("+1.5E+3"), "number 1.5e3");
  EXPECT_EQ(meaning("1e-5"), "number 1e-5");
  EXPECT_EQ(meaning(".inf"), "problem");
  EXPECT_EQ(meaning(".NaN"), "problem");
}

struct Parsed {
  std::optional<Node> node;
  std::vector<Diagnostic> diagnostics;
};
Parsed parse(std::string_view text) {
  Diagnostics report;
  Reading reading("f.yml", report);
  Parsed parsed{parse_yaml(text, reading), {}};
  parsed.diagnostics = report.sorted();
  return parsed;
}

TEST(YamlTree, quoted_scalars_are_strings) {
  const auto parsed = parse("['5', \"true\", 'null', !!str 5]");
  ASSERT_TRUE(parsed.node);
  for (const Node& item : *parsed.node->list()) EXPECT_NE(item.text(), nullptr) << kind_of(item);
}

TEST(YamlTree, places_count_characters_not_bytes) {
  const auto parsed = parse("ключ: значение\nдва: { три: x }\n");
  ASSERT_TRUE(parsed.node);
  const auto& entries = *parsed.node->mapping();
  EXPECT_EQ(entries[0].value.at.column, 7);
  EXPECT_EQ(entries[1].value.mapping()->front().at.line, 2);
  EXPECT_EQ(entries[1].value.mapping()->front().at.column, 8);
}

TEST(YamlTree, aliases_are_copies) {
  const auto parsed = parse("a: &x [1, 2]\nb: *x\n");
  ASSERT_TRUE(parsed.node);
  ASSERT_NE(parsed.node->mapping()->at(1).value.list(), nullptr);
  EXPECT_EQ(parsed.node->mapping()->at(1).value.list()->size(), 2U);
}

TEST(YamlTree, aliases_that_multiply_are_stopped) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string previous = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += previous + (j < 9 ? " , " : " ]\n");
  }
  const auto parsed = parse(text);
  EXPECT_FALSE(parsed.node);
  ASSERT_EQ(parsed.diagnostics.size(), 1U);
  EXPECT_EQ(parsed.diagnostics[0].message, "the file holds too many values");
}

TEST(YamlTree, nesting_is_bounded) {
  for (const std::size_t depth : {300U, 100'000U}) {
    const auto parsed = parse(std::string(depth, '['));
    EXPECT_FALSE(parsed.node);
    EXPECT_EQ(parsed.diagnostics.size(), 1U);
  }
  std::string aliased = "a0: &a0 [x]\n";
  for (int i = 1; i < 300; ++i)
    aliased += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + " ]\n";
  EXPECT_FALSE(parse(aliased).node);
}

TEST(YamlTree, odd_keys_are_texts_or_refused) {
  const auto parsed = parse("{1: a, true: b, ~: c, .inf: d}");
  ASSERT_TRUE(parsed.node);
  std::string keys;
  for (const Entry& entry : *parsed.node->mapping()) keys += entry.key + " ";
  EXPECT_EQ(keys, "1 true null .inf ");
  EXPECT_FALSE(parse("{[a]: b}").node);
  EXPECT_FALSE(parse("? {a: b}\n: c\n").node);
}

TEST(YamlTree, an_empty_text_is_null) {
  for (const char* text : {"", "# only a comment\n", "---\n", "\xEF\xBB\xBF"}) {
    const auto parsed = parse(text);
    ASSERT_TRUE(parsed.node) << text;
    EXPECT_TRUE(parsed.node->is_null());
  }
}

}  // namespace
}  // namespace flusso::config
