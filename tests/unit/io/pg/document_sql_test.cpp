#include "io/pg/document_sql.h"

#include "sql_fixture.h"

namespace flusso::pg {
namespace {

using namespace test;

std::string live(const IndexSchema& schema) {
  const Plan plan = plan_of(schema);
  const auto sql = document_sql(plan.indexes[0], plan);
  return sql ? live_sql(*sql) : sql.error().code + " " + sql.error().what;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(DocumentSql, the_users_document_of_the_demo_store) { EXPECT_EQ(live(users_schema()), golden("users.sql")); }

TEST(DocumentSql, the_products_document_of_the_demo_store) {
  EXPECT_EQ(live(products_schema()), golden("products.sql"));
}

TEST(DocumentSql, every_row_of_a_traced_table_leaves_its_mark) {
  Plan plan = plan_of(users_schema());
  plan.indexes[0].traced = {TracedTable{{"public", "orders"}, {"id"}}, TracedTable{{"public", "order_items"}, {"id"}}};
  const auto sql = document_sql(plan.indexes[0], plan);
  ASSERT_TRUE(sql);
  const std::string text = live_sql(*sql);
  EXPECT_EQ(count(text, "\x05"), 2U) << "orders and all aggregates over them leave one mark, their items another";
}

TEST(DocumentSql, a_list_and_all_aggregates_over_its_rows_read_them_once) {
  EXPECT_EQ(count(live(users_schema()), "FROM \"public\".\"orders\""), 1U);
}

TEST(DocumentSql, only_a_list_that_an_index_reads_in_order_and_nothing_else_is_done_with_is_not_sorted) {
  IndexSchema schema = users_schema();
  auto& orders = std::get<JoinField>(schema.fields[5].source);
  orders.fields.reserve(4);
  auto& items = std::get<JoinField>(orders.fields[2].source);
  const std::string sorted_in_the_aggregate = R"(' ORDER BY t5.)";
  EXPECT_EQ(count(live(schema), sorted_in_the_aggregate), 0U);
  items.order_by = {{OrderBy{"product_id", false}}};
  EXPECT_EQ(count(live(schema), sorted_in_the_aggregate), 1U) << "no index for this order";
  items.order_by.reset();
  orders.fields.push_back(field("n", aggregate(AggregateOp::count, "order_items", {"order_id"})));
  EXPECT_EQ(count(live(schema), sorted_in_the_aggregate), 1U) << "a second aggregate may make the server sort";
  orders.fields.pop_back();
  items.fields.push_back(field("product", join(JoinVerb::belongs_to, "products", {"product_id"}, {})));
  EXPECT_EQ(count(live(schema), sorted_in_the_aggregate), 1U) << "a join may change the order";
}

TEST(DocumentSql, lists_with_a_limit_and_other_filters_on_nested_lists_stand_alone) {
  IndexSchema schema = users_schema();
  JoinField paid = std::get<JoinField>(schema.fields[5].source);
  paid.filters = {{compare("status", FilterOp::eq, {"paid"})}};
  schema.fields.push_back(field("paid", paid));
  paid.limit = 3;
  schema.fields.push_back(field("some", paid));
  EXPECT_EQ(count(live(schema), "FROM \"public\".\"orders\""), 3U);
}

TEST(DocumentSql, without_a_reader_of_all_rows_other_filters_stay_apart) {
  IndexSchema schema = users_schema();
  schema.fields.resize(1);
  for (const char* status : {"paid", "new", "paid"}) {
    AggregateField filtered = aggregate(AggregateOp::count, "orders", {"user_id"});
    filtered.filters = {{compare("status", FilterOp::eq, {status})}};
    schema.fields.push_back(field(std::string(status) + std::to_string(schema.fields.size()), filtered));
  }
  EXPECT_EQ(count(live(schema), "FROM \"public\".\"orders\""), 2U);
  EXPECT_EQ(count(live(schema), "FILTER"), 0U);
}

TEST(DocumentSql, a_raw_filter_sees_only_its_own_table) {
  IndexSchema schema = users_schema();
  schema.fields.resize(1);
  AggregateField raw = aggregate(AggregateOp::count, "orders", {"user_id"});
  raw.filters = {{Filter{FilterRaw{"total > 1 -- note"}, {}}}};
  schema.fields.push_back(field("n", raw));
  EXPECT_NE(live(schema).find("FROM (SELECT * FROM \"public\".\"orders\" WHERE (total > 1 -- note\n)) AS t1 WHERE"),
            std::string::npos)
      << live(schema);
}

TEST(DocumentSql, a_composite_key_joins_bound_arrays) {
  IndexSchema schema = users_schema();
  schema.table.name = "product_tags";
  schema.primary_key = {"product_id", "tag_id"};
  schema.soft_delete.reset();
  schema.fields = {column("t", FieldKind::long_integer, "tag_id")};
  EXPECT_EQ(
      live(schema),
      "SELECT concat(root.\"product_id\"::text,':',root.\"tag_id\"::text), concat('{\"t\":',root.\"tag_id\",'}') FROM "
      "\"public\".\"product_tags\" AS root JOIN unnest($1::pg_catalog.int8[],$2::pg_catalog.int8[]) AS wanted(c1,c2) "
      "ON "
      "root.\"product_id\" = wanted.c1 AND root.\"tag_id\" = wanted.c2");
}

TEST(DocumentSql, what_the_catalog_lacks_is_named) {
  IndexSchema schema = users_schema();
  schema.fields.push_back(column("age", FieldKind::integer));
  EXPECT_EQ(live(schema),
            "config.column_missing index users: table public.users has no column age; correct the schema file or add "
            "the column");
  schema = users_schema();
  schema.fields.push_back(field("n", aggregate(AggregateOp::count, "nowhere", {"x"})));
  EXPECT_EQ(live(schema), "config.table_missing index users: table public.nowhere does not exist");
  schema = users_schema();
  schema.fields.push_back(field("n", aggregate(AggregateOp::count, "orders", {"user_id", "id"})));
  EXPECT_TRUE(live(schema).starts_with("config.key_length")) << live(schema);
  schema = users_schema();
  schema.primary_key.clear();
  EXPECT_TRUE(live(schema).starts_with("config.no_key")) << live(schema);
}

}  // namespace
}  // namespace flusso::pg
