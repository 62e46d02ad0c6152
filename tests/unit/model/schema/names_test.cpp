#include "model/schema/names.h"

#include <gtest/gtest.h>

namespace flusso {
namespace {

TEST(PostgresName, is_trimmed_and_folded) {
  EXPECT_EQ(parse_postgres_name(" Users \n"), "users");
  EXPECT_EQ(parse_postgres_name("_a1"), "_a1");
  EXPECT_EQ(parse_postgres_name(std::string(63, 'A')), std::string(63, 'a'));
  for (const char* bad : {"", "  ", "1a", "a-b", "a b", "é", "a.b"}) EXPECT_FALSE(parse_postgres_name(bad)) << bad;
  EXPECT_FALSE(parse_postgres_name(std::string(64, 'a')));
}

TEST(PostgresName, in_double_quotes_is_kept) {
  EXPECT_EQ(parse_postgres_name("\"Order Items\""), "Order Items");
  EXPECT_EQ(parse_postgres_name(" \"é.\" "), "é.");
  EXPECT_EQ(parse_postgres_name("\" a \""), " a ");
  EXPECT_EQ(parse_postgres_name("\"say \"\"hi\"\"\""), "say \"hi\"");
  EXPECT_EQ(parse_postgres_name("\"\"\"\""), "\"");
  for (const char* bad : {"\"\"", "\"", "\"a", "a\"", "\"a\"b\"", "\"\"\"", "\"a\"\""})
    EXPECT_FALSE(parse_postgres_name(bad)) << bad;
  EXPECT_FALSE(parse_postgres_name(std::string_view("\"a\0b\"", 5)));
  EXPECT_EQ(parse_postgres_name("\"" + std::string(63, 'A') + "\""), std::string(63, 'A'));
  EXPECT_FALSE(parse_postgres_name("\"" + std::string(64, 'A') + "\""));
}

TEST(IndexName, obeys_opensearch_too) {
  EXPECT_EQ(parse_index_name(" Users "), "users");
  for (const char* bad : {"_users", "-users", "+users", "a*b", "a,b", "a#b", "a.b", ".", "\"users\""})
    EXPECT_FALSE(parse_index_name(bad)) << bad;
  EXPECT_NE(parse_index_name("_users").error().find("OpenSearch"), std::string::npos);
  EXPECT_NE(parse_index_name("a*b").error().find("OpenSearch"), std::string::npos);
}

TEST(FieldName, keeps_its_case) {
  EXPECT_EQ(parse_field_name(" orderCount "), "orderCount");
  for (const char* bad : {"", "1a", "a-b", "a.b", "a b", "\"a\"", "é"}) EXPECT_FALSE(parse_field_name(bad)) << bad;
  EXPECT_FALSE(parse_field_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace flusso
