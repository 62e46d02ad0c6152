#include "io/config/diagnostics.h"

#include <gtest/gtest.h>

namespace flusso::config {
namespace {

TEST(Diagnostics, render_place_expectation_excerpt_caret_and_hint) {
  Diagnostics report;
  report.add_source("a.yml", "first\n\tsecünd: x\r\nthird", Excerpts::plain);
  const Diagnostic wrong{{"a.yml", 2, 10}, "`x` is wrong", "`y`", "did you mean `y`?"};
  EXPECT_EQ(report.render(wrong),
            "a.yml:2:10: `x` is wrong, expected `y`\n"
            "  2 | \tsecünd: x\n"
            "    | \t        ^\n"
            "  did you mean `y`?");
}

TEST(Diagnostics, without_a_place_name_the_file_alone) {
  Diagnostics report;
  EXPECT_EQ(report.render({{"a.toml"}, "it cannot be read", "", ""}), "a.toml: it cannot be read");
}

TEST(Diagnostics, come_in_the_order_of_files_lines_and_columns) {
  Diagnostics report;
  report.add_source("z.toml", "", Excerpts::masked);
  report.add_source("a.yml", "", Excerpts::plain);
  report.add({{"a.yml", 1, 1}, "third", "", ""});
  report.add({{"z.toml", 9, 2}, "second", "", ""});
  report.add({{"z.toml", 9, 1}, "first", "", ""});
  std::string order;
  for (const Diagnostic& diagnostic : report.sorted()) order += diagnostic.message + " ";
  EXPECT_EQ(order, "first second third ");
}

TEST(Diagnostics, notes_are_no_errors) {
  Diagnostics report;
  report.add({{"a.yml", 1, 1}, "by the way", "", "", Severity::note});
  EXPECT_FALSE(report.has_errors());
  EXPECT_EQ(report.render_errors(), "");
}

TEST(Diagnostics, are_bounded_in_number_and_length) {
  Diagnostics report;
  for (std::size_t i = 0; i < kMaxDiagnostics + 5; ++i)
    report.add({{"a.yml", 1, 1}, std::string(100'000, 'x'), "", ""});
  EXPECT_EQ(report.error_count(), kMaxDiagnostics + 5);
  const std::string text = report.render_errors();
  EXPECT_LT(text.size(), kMaxDiagnostics * 500);
  EXPECT_TRUE(text.ends_with("… and 5 more"));
}

TEST(Diagnostics, cannot_steer_a_terminal) {
  Diagnostics report;
  report.add_source("a.yml", "\x1b[31mred\xC2\x9B", Excerpts::plain);
  const std::string text = report.render({{"a.yml", 1, 1}, "key `\x1b[2J`\n is odd", "", ""});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xC2\x9B"), std::string::npos);
}

TEST(Printable, replaces_what_is_not_valid_utf8) { EXPECT_EQ(printable("a\xFF\xC3;b\xE2\x82"), "a??;b??"); }

TEST(MaskedLine, shows_headers_and_harmless_values_only) {
  EXPECT_EQ(masked_line("[sinks.primary]"), "[sinks.primary]");
  EXPECT_EQ(masked_line("  type = \"postgres\""), "  type = \"postgres\"");
  EXPECT_EQ(masked_line("on_error = \"stopp\""), "on_error = \"stopp\"");
  EXPECT_EQ(masked_line("password = \"hunter2\""), "password = ***");
  EXPECT_EQ(masked_line("passwrod = 'hunter2'"), "passwrod = ***");
  EXPECT_EQ(masked_line("connection_url = { host = \"h\", password = \"hunter2\" }"), "connection_url = ***");
  EXPECT_EQ(masked_line("host = \"h\" # password = hunter2"), "host = ***");
}

TEST(MaskedLine, shows_nothing_of_lines_it_does_not_understand) {
  EXPECT_EQ(masked_line("hunter2\"\"\""), "");
  EXPECT_EQ(masked_line("source.connection_url = \"postgres://u:hunter2@h\""), "");
  EXPECT_EQ(masked_line("[\"hunter2\"]"), "");
  EXPECT_EQ(masked_line("\"a b\" = \"hunter2\""), "");
  EXPECT_EQ(masked_line(""), "");
}

}  // namespace
}  // namespace flusso::config
