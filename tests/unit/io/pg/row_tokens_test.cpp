#include "io/pg/row_tokens.h"

#include <gtest/gtest.h>

#include <string>

namespace flusso::pg {
namespace {

const std::vector<TracedTable> kTraced = {{{"public", "orders"}, {"id"}}, {{"shop", "it\"ems"}, {"a", "b"}}};

std::string member(const std::vector<RowMark>& rows) { return std::string(*RowTokens(kTraced).member(rows)); }

TEST(RowTokens, an_index_that_traces_nothing_has_no_hidden_member) {
  const std::vector<TracedTable> nothing;
  EXPECT_EQ(*RowTokens(nothing).member({}), "");
}

TEST(RowTokens, each_row_stands_once_with_its_table) {
  EXPECT_EQ(member({}), R"(,"flusso_keys":[])");
  EXPECT_EQ(member({{1, "x:y"}, {0, "7"}, {0, "7"}}),
            R"(,"flusso_keys":["public.orders\u001f7","shop.it\"ems\u001fx:y"])");
}

TEST(RowTokens, a_long_key_stands_as_its_digest) {
  const std::string text = member({{0, std::string(600, 'k')}});
  EXPECT_NE(text.find("public.orders\\u001f#sha256-"), std::string::npos);
  EXPECT_LT(text.size(), 200U);
}

TEST(RowTokens, too_many_rows_of_a_table_stand_as_one) {
  std::vector<std::string> keys;
  for (int i = 0; i <= 10'000; ++i) keys.push_back(std::to_string(i));
  std::vector<RowMark> rows = {{1, "k"}};
  for (const std::string& key : keys) rows.push_back({0, key});
  EXPECT_EQ(member(rows), R"(,"flusso_keys":["public.orders\u001f*","shop.it\"ems\u001fk"])");
}

TEST(RowTokens, a_mark_of_no_traced_table_is_refused) { EXPECT_FALSE(RowTokens(kTraced).member({{2, "1"}})); }

TEST(MarkedText, marks_of_rows_are_left_out_and_told) {
  MarkedText text;
  const std::string document =
      "\x05"
      "0 1:7{\"a\":[\x05"
      "1 3:x:y{\"b\":\x01"
      "2:hi},\x05"
      "1 0:{}]}";
  EXPECT_EQ(*text.write(document), R"({"a":[{"b":"hi"},{}]})");
  ASSERT_EQ(text.rows().size(), 3U);
  EXPECT_EQ(text.rows()[1].table, 1U);
  EXPECT_EQ(text.rows()[1].key, "x:y");
  for (const char* broken : {"\x05",
                             "\x05"
                             "0",
                             "\x05"
                             "0 9:short",
                             "\x05"
                             "x 1:a",
                             "\x05"
                             "0 :a"})
    EXPECT_FALSE(text.write(broken)) << broken + 1;
}

}  // namespace
}  // namespace flusso::pg
