#include "io/pg/text_parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace flusso::pg {
namespace {

TEST(TextParts, neighbouring_constants_are_one_argument) {
  TextParts parts;
  parts.constant("{\"a\":");
  parts.constant("'x\\',");
  parts.expression("t.b");
  parts.constant("}");
  EXPECT_EQ(parts.sql(), "concat( E'{\"a\":''x\\\\'',',t.b,'}')");
}

TEST(TextParts, only_constants_are_known_without_a_server) {
  TextParts parts;
  EXPECT_TRUE(parts.is_constant());
  EXPECT_EQ(parts.sql(), "concat('')");
  parts.constant("a");
  parts.constant("b");
  EXPECT_TRUE(parts.is_constant());
  EXPECT_EQ(parts.constant_text(), "ab");
  parts.expression("x");
  EXPECT_FALSE(parts.is_constant());
}

TEST(TextParts, more_than_a_hundred_arguments_become_nested_calls) {
  TextParts parts;
  for (int i = 0; i < 10250; ++i) parts.expression("x");
  const std::string sql = parts.sql();
  std::size_t depth = 0;
  std::vector<std::size_t> arguments;
  std::size_t most = 0;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == '(') arguments.push_back(1);
    if (sql[i] == ',') ++arguments.back();
    if (sql[i] == ')') {
      most = std::max(most, arguments.back());
      arguments.pop_back();
    }
    depth = std::max(depth, arguments.size());
  }
  EXPECT_EQ(most, 100U);
  EXPECT_EQ(depth, 3U);
  EXPECT_EQ(static_cast<std::size_t>(std::count(sql.begin(), sql.end(), 'x')), 10250U);
}

}  // namespace
}  // namespace flusso::pg
