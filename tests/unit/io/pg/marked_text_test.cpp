#include "io/pg/marked_text.h"

#include <gtest/gtest.h>

#include <string>

namespace flusso::pg {
namespace {

std::string marked(const std::string& text) { return "\x01" + std::to_string(text.size()) + ":" + text; }

std::string written(const std::string& document) {
  std::string scratch;
  const auto out = write_marked(document, scratch);
  return out ? std::string(*out) : out.error().code;
}

TEST(MarkedText, a_document_without_marks_is_not_copied) {
  const std::string document = R"({"id":1,"ok":true})";
  std::string scratch;
  const auto out = write_marked(document, scratch);
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

}  // namespace
}  // namespace flusso::pg
