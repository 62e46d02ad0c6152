#include "io/config/key_argument.h"

#include <gtest/gtest.h>

#include "model/row_key.h"

namespace flusso::config {
namespace {

const KeyColumns kPlain{"id"};
const KeyColumns kPair{"tenant", "id"};

TEST(KeyArgument, a_plain_key_is_its_text_or_an_array_of_one) {
  EXPECT_EQ(parse_key_argument("7", kPlain), "7");
  EXPECT_EQ(parse_key_argument("[7]", kPlain), "7");
  EXPECT_EQ(parse_key_argument("a:b", kPlain), "a:b");
  EXPECT_EQ(parse_key_argument("", kPlain), "");
}

TEST(KeyArgument, a_composite_key_is_its_id_or_an_array_of_its_parts) {
  EXPECT_EQ(parse_key_argument("7:a%3Ab", kPair), "7:a%3Ab");
  EXPECT_EQ(parse_key_argument(R"([7, "a:b"])", kPair), "7:a%3Ab");
  EXPECT_EQ(parse_key_argument(R"([1,"50%"])", kPair), "1:50%25");
  EXPECT_EQ(parse_key_argument(R"(["",""])", kPair), ":");
}

TEST(KeyArgument, digits_and_booleans_are_kept_as_postgres_writes_them) {
  EXPECT_EQ(parse_key_argument("[1.10, true]", kPair), "1.10:true");
  EXPECT_EQ(parse_key_argument("[123456789012345678901234567890]", kPlain), "123456789012345678901234567890");
}

TEST(KeyArgument, text_that_is_no_array_of_the_right_length_stands_for_itself) {
  EXPECT_EQ(parse_key_argument("[1,2]", kPlain), "[1,2]");
  EXPECT_EQ(parse_key_argument("[", kPlain), "[");
  EXPECT_EQ(parse_key_argument("[[1]]", kPlain), "[[1]]");
  EXPECT_EQ(parse_key_argument("[null]", kPlain), "[null]");
}

TEST(KeyArgument, the_wrong_number_of_parts_is_refused_with_both_forms) {
  for (const char* given : {"7", "1:2:3", "[1]", "[1,2,3]"}) {
    const auto key = parse_key_argument(given, kPair);
    ASSERT_FALSE(key) << given;
    EXPECT_NE(key.error().what.find("<tenant>:<id> or the JSON array [<tenant>, <id>]"), std::string::npos)
        << key.error().what;
  }
}

TEST(KeyArgument, a_digest_leads_back_to_no_row) {
  const std::string id = document_id(std::string(600, 'x'));
  const auto key = parse_key_argument(id, kPlain);
  ASSERT_FALSE(key);
  EXPECT_NE(key.error().what.find("digest"), std::string::npos);
  EXPECT_FALSE(parse_key_argument(std::string_view("a\0b", 3), kPlain));
}

}  // namespace
}  // namespace flusso::config
