#include "io/pg/marked_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/pg/json_path.h"

namespace flusso::pg {
namespace {

std::string marked(const std::string& text) { return "\x01" + std::to_string(text.size()) + ":" + text; }

std::string written(const std::string& document) {
  MarkedText text;
  const auto out = text.write(document);
  return out ? std::string(*out) : out.error().code;
}

TEST(MarkedText, a_document_without_marks_is_not_copied) {
  const std::string document = R"({"id":1,"ok":true})";
  MarkedText text;
  const auto out = text.write(document);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->data(), document.data());
}

TEST(MarkedText, strings_become_json_wherever_they_stand) {
  EXPECT_EQ(written("{\"a\":" + marked("x") + ",\"b\":[" + marked("") + "," + marked("é 😀") + "],\"n\":1}"),
            R"({"a":"x","b":["","é 😀"],"n":1})");
}

TEST(MarkedText, a_mark_without_length_is_null) { EXPECT_EQ(written("{\"a\":\x01:}"), R"({"a":null})"); }

TEST(MarkedText, everything_that_json_escapes_is_escaped_as_postgres_does) {
  std::string controls;
  for (char c = 1; c < 0x20; ++c) controls += c;
  EXPECT_EQ(
      written(marked(controls + "\"\\/\x7f")),
      "\"\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f\\u0010\\u0011\\u0012"
      "\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f\\\"\\\\/\x7f\"");
}

TEST(MarkedText, an_escape_is_found_at_every_place_of_a_long_text) {
  for (std::size_t length = 1; length < 40; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (const char c : {'"', '\\', '\n'}) {
        std::string text(length, 'x');
        text[at] = c;
        std::string expected = "\"" + std::string(at, 'x') + (c == '\n' ? "\\n" : std::string("\\") + c) +
                               std::string(length - at - 1, 'x') + "\"";
        ASSERT_EQ(written(marked(text)), expected) << length << " " << at;
      }
    }
  }
}

TEST(MarkedText, a_text_that_looks_like_a_mark_stays_a_text) {
  EXPECT_EQ(written(marked("\x01:") + marked("\x01"
                                             "9:")),
            R"("\u0001:""\u00019:")");
}

TEST(MarkedText, numbers_stand_as_postgres_prints_them) {
  EXPECT_EQ(written("[\x02"
                    "1,\x02-2,\x02"
                    "0.10,\x02-1.5e-07,\x02"
                    "123456789012345678901234567890]"),
            "[1,-2,0.10,-1.5e-07,123456789012345678901234567890]");
}

TEST(MarkedText, what_is_no_number_is_null) {
  EXPECT_EQ(written("[\x02NaN,\x02Infinity,\x02-Infinity,\x02,\x02]"), "[null,null,null,null,null]");
  EXPECT_EQ(written("\x02"), "null");
  EXPECT_EQ(written("\x02-"), "null-") << "Postgres prints no such thing; it is not hidden";
}

TEST(MarkedText, a_mark_is_found_at_every_place_of_a_document) {
  for (std::size_t before = 0; before < 40; ++before) {
    const std::string blanks(before, ' ');
    ASSERT_EQ(written(blanks + "\x02NaN" + blanks + marked("x") + blanks), blanks + "null" + blanks + "\"x\"" + blanks)
        << before;
  }
}

TEST(MarkedText, a_length_that_cannot_be_is_refused) {
  for (const char* document : {"\x01",
                               "\x01"
                               "5",
                               "\x01"
                               "5:abc",
                               "\x01-1:a",
                               "\x01"
                               "99999999999:a",
                               "\x01"
                               "4294967295:a",
                               "\x01x:"})
    EXPECT_EQ(written(document), "pg.document_format") << document;
}

// What the reader is told about the values that became null.
std::vector<std::string> lost_fields(const std::string& document) {
  MarkedText text;
  const auto out = text.write(document);
  EXPECT_TRUE(out);
  std::vector<std::string> fields;
  each_lost_field(*out, text.lost(), [&](std::string_view path, LossKind kind) {
    fields.push_back(std::string(path) + " " + std::string(to_text(kind)));
  });
  return fields;
}

TEST(MarkedText, dates_become_iso_8601) {
  EXPECT_EQ(written("[\x03"
                    "2024-01-02,\x03"
                    "0001-01-01 00:00:00,\x03"
                    "9999-12-31 23:59:59.999999,\x03"
                    "2024-01-02 03:04:05.5+00]"),
            R"(["2024-01-02","0001-01-01T00:00:00","9999-12-31T23:59:59.999999","2024-01-02T03:04:05.5+00:00"])");
  EXPECT_EQ(written("\x03"
                    "2024-01-02 03:04:05-08}"),
            "\"2024-01-02T03:04:05-08:00\"}");
}

TEST(MarkedText, dates_that_the_index_cannot_hold_are_null_and_nothing_is_null_without_a_loss) {
  const std::string document =
      "{\"a\":\x03infinity,\"b\":\x03-infinity,\"c\":\x03"
      "10000-01-01,\"d\":\x03"
      "0044-03-15 BC,\"e\":\x03"
      "0044-03-15 12:00:00+00 BC,\"f\":\x03"
      "294276-12-31 23:59:59.999999,\"g\":\x03,\"h\":\x03}";
  EXPECT_EQ(written(document), R"({"a":null,"b":null,"c":null,"d":null,"e":null,"f":null,"g":null,"h":null})");
  EXPECT_EQ(lost_fields(document), (std::vector<std::string>{"a date_range", "b date_range", "c date_range",
                                                             "d date_range", "e date_range", "f date_range"}));
}

TEST(MarkedText, a_date_of_another_style_is_refused) {
  for (const char* date : {"02.01.2024", "01/02/2024", "Tue Jan 02 03:04:05 2024", "2024-01-02T03:04:05", "2024-01-0x",
                           "2024-01-02 ", "x"})
    EXPECT_EQ(written(std::string("\x03") + date), "pg.document_format") << date;
}

TEST(MarkedText, a_loss_names_its_field_at_any_depth) {
  EXPECT_EQ(
      lost_fields("{\"a\\\"\":\x02NaN,\"s\":" + marked("{\"x\":1,") +
                  ",\"o\":{\"p\":{\"lat\":1},\"q\":\x04},\"rows\":[{\"n\":[\x02"
                  "1,\x02Infinity],\"k\":\x02},{\"n\":\x02-Infinity}],\"j\":{\"y\": [1, \"}\"]},\"z\":\x03infinity}"),
      (std::vector<std::string>{"a\\\" not_finite", "o.q not_finite", "rows.n not_finite", "rows.n not_finite",
                                "z date_range"}));
}

TEST(MarkedText, losses_of_an_earlier_document_are_forgotten) {
  MarkedText text;
  ASSERT_TRUE(text.write("{\"a\":\x02NaN}"));
  EXPECT_EQ(text.lost().size(), 1U);
  ASSERT_TRUE(text.write("{\"a\":1}"));
  EXPECT_TRUE(text.lost().empty());
}

}  // namespace
}  // namespace flusso::pg
