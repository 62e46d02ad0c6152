#include "io/pg/reverse_sql.h"

#include "sql_fixture.h"

namespace flusso::pg {
namespace {

using namespace test;

Plan plan() { return plan_of(users_schema()); }

LookupPath path(std::vector<Hop> hops) { return LookupPath{IndexId{0}, "test", {}, std::move(hops)}; }

TEST(ReverseSql, one_statement_for_a_chain_of_hops) {
  const auto sql = reverse_sql(path({Hop{{"public", "order_items"}, {"product_id"}, {"order_id"}},
                                     Hop{{"public", "orders"}, {"id"}, {"user_id"}}}),
                               plan());
  ASSERT_TRUE(sql);
  EXPECT_EQ(sql->sql,
            "SELECT DISTINCT h2.\"user_id\"::text FROM \"public\".\"order_items\" AS h1 JOIN \"public\".\"orders\" AS "
            "h2 ON h2.\"id\" = "
            "h1.\"order_id\" WHERE h1.\"product_id\" = ANY($1::pg_catalog.int8[])");
  EXPECT_EQ(sql->tables.size(), 2U);
}

TEST(ReverseSql, nullable_links_are_excluded_and_enums_keep_their_type) {
  const auto nullable = reverse_sql(path({Hop{{"public", "products"}, {"id"}, {"category_id"}}}), plan());
  ASSERT_TRUE(nullable);
  EXPECT_TRUE(
      nullable->sql.ends_with("WHERE h1.\"id\" = ANY($1::pg_catalog.int8[]) AND h1.\"category_id\" IS NOT NULL"))
      << nullable->sql;
  const auto by_enum = reverse_sql(path({Hop{{"public", "orders"}, {"status"}, {"user_id"}}}), plan());
  ASSERT_TRUE(by_enum);
  EXPECT_NE(by_enum->sql.find("ANY($1::public.order_status[])"), std::string::npos) << by_enum->sql;
}

TEST(ReverseSql, composite_values_and_keys) {
  const auto sql =
      reverse_sql(path({Hop{{"public", "product_tags"}, {"product_id", "tag_id"}, {"tag_id", "product_id"}}}), plan());
  ASSERT_TRUE(sql);
  EXPECT_EQ(sql->columns, 2U);
  EXPECT_EQ(sql->sql,
            "SELECT DISTINCT concat(h1.\"tag_id\"::text,':',h1.\"product_id\"::text) FROM \"public\".\"product_tags\" "
            "AS h1 JOIN "
            "unnest($1::pg_catalog.int8[],$2::pg_catalog.int8[]) AS wanted(c1,c2) ON h1.\"product_id\" = wanted.c1 AND "
            "h1.\"tag_id\" = wanted.c2");
}

TEST(ReverseSql, unknown_tables_columns_and_empty_paths_are_errors) {
  EXPECT_EQ(reverse_sql(path({}), plan()).error().code, "pg.empty_path");
  EXPECT_EQ(reverse_sql(path({Hop{{"public", "x"}, {"a"}, {"b"}}}), plan()).error().code, "config.table_missing");
  EXPECT_EQ(reverse_sql(path({Hop{{"public", "orders"}, {"a"}, {"id"}}}), plan()).error().code,
            "config.column_missing");
  EXPECT_EQ(reverse_sql(path({Hop{{"public", "orders"}, {"id"}, {"b"}}}), plan()).error().code,
            "config.column_missing");
}

}  // namespace
}  // namespace flusso::pg
