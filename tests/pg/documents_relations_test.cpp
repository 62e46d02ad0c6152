// Joins, aggregates, filters and soft delete, against JSON written by hand, live and by scan.

#include <gtest/gtest.h>

#include "documents_fixture.h"

namespace flusso::pg {
namespace {

using namespace test;

JoinField join(JoinVerb verb, TableRef table, KeyColumns key, std::vector<Field> fields) {
  JoinField out;
  out.verb = verb;
  out.table = std::move(table);
  out.primary_key = {"id"};
  out.key = std::move(key);
  out.fields = std::move(fields);
  return out;
}

AggregateField aggregate(AggregateOp op, TableRef table, std::string of = "",
                         std::optional<FieldKind> type = std::nullopt) {
  AggregateField out;
  out.op = op;
  out.table = std::move(table);
  out.column = std::move(of);
  if (op == AggregateOp::ids)
    out.element_type = type;
  else
    out.value_type = type;
  return out;
}

// Users with orders, items, a profile, and tags through a junction.
class DocumentRelations : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store.ready());
    store.exec(
        "CREATE TABLE country (id text PRIMARY KEY, name text);"
        "CREATE TABLE users (id bigint PRIMARY KEY, name text, country_id text, deleted boolean, gone_at date, plan "
        "text);"
        "CREATE TABLE profiles (id int PRIMARY KEY, user_id int, bio text, rank int);"
        "CREATE TABLE orders (id int PRIMARY KEY, user_id int, status text, total numeric(10,2), placed timestamptz, f "
        "double precision);"
        "CREATE INDEX ON orders (user_id);"
        "CREATE TABLE items (order_id int, line int, sku text, PRIMARY KEY (order_id, line));"
        "CREATE TABLE tags (id int PRIMARY KEY, name text, kind text);"
        "CREATE TABLE user_tags (user_id int, tag_id int);"
        "INSERT INTO country VALUES ('de', 'Germany');"
        "INSERT INTO users VALUES (1, 'Ada', 'de', NULL, NULL, 'a'), (2, 'Bob', 'xx', false, NULL, NULL), (3, 'Cleo', "
        "NULL, true, NULL, 'a'),"
        " (4, 'Dora', NULL, false, '2024-01-01', 'b');"
        "INSERT INTO profiles VALUES (1, 1, 'old', 2), (2, 1, 'new', 1), (3, 2, NULL, NULL);"
        "INSERT INTO orders VALUES (10, 1, 'paid', 5.00, '2024-01-01', 1.5), (11, 1, 'new', 7.50, '2024-01-03', 'NaN'),"
        " (12, 1, 'cancelled', 1.00, '2024-01-03', NULL), (13, 1, 'paid', NULL, NULL, 2);"
        "INSERT INTO items VALUES (10, 2, 'b'), (10, 1, 'a'), (11, 1, 'c');"
        "INSERT INTO tags VALUES (1, 'red', 'color'), (2, 'big', 'size'), (3, 'blue', 'color');"
        "INSERT INTO user_tags VALUES (1, 3), (1, 1), (1, 2), (1, 1), (2, 99), (2, 2)");
    schema.table = store.table("users");
    schema.primary_key = {"id"};
  }

  void expect(const std::map<std::string, std::string>& documents, const std::set<std::string>& tombstones = {}) {
    const Plan plan = store.plan(schema);
    std::vector<std::string> keys;
    for (const auto& [key, body] : documents) keys.push_back(key);
    keys.insert(keys.end(), tombstones.begin(), tombstones.end());
    const Collected live = read_documents(plan, keys);
    EXPECT_EQ(live.documents, documents);
    EXPECT_EQ(live.tombstones, tombstones);
    EXPECT_EQ(live.rows, keys.size());
    Collected seed = scan_documents(plan);
    EXPECT_TRUE(seed.tombstones.empty());
    for (const std::string& key : tombstones) EXPECT_FALSE(seed.documents.contains(key)) << key;
    for (const auto& [key, body] : documents) EXPECT_EQ(seed.documents[key], body);
  }

  Store store;
  IndexSchema schema;
};

TEST_F(DocumentRelations, belongs_to_embeds_the_row_or_null) {
  schema.fields = {field("country", join(JoinVerb::belongs_to, store.table("country"), {"country_id"},
                                         {column("name", FieldKind::keyword)}))};
  expect({{"1", R"({"country":{"name":"Germany"}})"}, {"2", R"({"country":null})"}, {"3", R"({"country":null})"}},
         {"99"});
}

TEST_F(DocumentRelations, has_one_takes_the_first_row_in_order) {
  JoinField by_rank = join(JoinVerb::has_one, store.table("profiles"), {"user_id"}, {column("bio", FieldKind::text)});
  by_rank.order_by = {OrderBy{"rank", false, false}};
  JoinField by_key = join(JoinVerb::has_one, store.table("profiles"), {"user_id"}, {column("bio", FieldKind::text)});
  schema.fields = {field("first", by_rank), field("lowest", by_key)};
  expect({{"1", R"({"first":{"bio":"new"},"lowest":{"bio":"old"}})"},
          {"2", R"({"first":{"bio":null},"lowest":{"bio":null}})"},
          {"3", R"({"first":null,"lowest":null})"}});
}

TEST_F(DocumentRelations, has_many_is_ordered_nested_and_never_null) {
  JoinField items = join(JoinVerb::has_many, store.table("items"), {"order_id"}, {column("sku", FieldKind::keyword)});
  items.primary_key = {"order_id", "line"};
  JoinField orders = join(JoinVerb::has_many, store.table("orders"), {"user_id"},
                          {column("id", FieldKind::integer), field("items", items), field("lines", [&] {
                             AggregateField count = aggregate(AggregateOp::count, store.table("items"));
                             count.foreign_key = {"order_id"};
                             return count;
                           }())});
  orders.order_by = {OrderBy{"placed", true, true}};
  schema.fields = {field("orders", orders)};
  expect(
      {{"1",
        R"({"orders":[{"id":13,"items":[],"lines":0},{"id":11,"items":[{"sku":"c"}],"lines":1},{"id":12,"items":[],"lines":0},)"
        R"({"id":10,"items":[{"sku":"a"},{"sku":"b"}],"lines":2}]})"},
       {"2", R"({"orders":[]})"}});
}

TEST_F(DocumentRelations, a_limit_takes_the_first_rows_after_filters) {
  JoinField orders = join(JoinVerb::has_many, store.table("orders"), {"user_id"}, {column("id", FieldKind::integer)});
  orders.filters = {{compare("status", FilterOp::neq, {"cancelled"})}};
  orders.order_by = {OrderBy{"total", false, false}};
  orders.limit = 2;
  JoinField none = orders;
  none.limit = 0;
  schema.fields = {field("two", orders), field("none", none)};
  expect({{"1", R"({"two":[{"id":10},{"id":11}],"none":[]})"}, {"2", R"({"two":[],"none":[]})"}});
}

TEST_F(DocumentRelations, many_to_many_goes_through_the_junction) {
  JoinField tags = join(JoinVerb::many_to_many, store.table("tags"), {}, {column("name", FieldKind::keyword)});
  tags.through = Through{store.table("user_tags"), {"user_id"}, {"tag_id"}};
  JoinField colors = tags;
  colors.filters = {{compare("kind", FilterOp::eq, {"color"})}};
  colors.limit = 2;
  colors.order_by = {OrderBy{"name", false, false}};
  schema.fields = {field("tags", tags), field("colors", colors)};
  expect(
      {{"1",
        R"({"tags":[{"name":"red"},{"name":"red"},{"name":"big"},{"name":"blue"}],"colors":[{"name":"blue"},{"name":"red"}]})"},
       {"2", R"({"tags":[{"name":"big"}],"colors":[]})"},
       {"3", R"({"tags":[],"colors":[]})"}});
}

TEST_F(DocumentRelations, aggregates_of_nothing_are_zero_null_or_empty) {
  const TableRef orders = store.table("orders");
  std::vector<std::pair<std::string, AggregateField>> all = {
      {"count", aggregate(AggregateOp::count, orders)},
      {"sum", aggregate(AggregateOp::sum, orders, "total", FieldKind::decimal)},
      {"avg", aggregate(AggregateOp::avg, orders, "id")},
      {"min", aggregate(AggregateOp::min, orders, "status", FieldKind::keyword)},
      {"max", aggregate(AggregateOp::max, orders, "placed", FieldKind::timestamp)},
      {"nan", aggregate(AggregateOp::sum, orders, "f", FieldKind::double_number)},
      {"ids", aggregate(AggregateOp::ids, orders, "", FieldKind::long_integer)}};
  for (auto& [name, rolled] : all) {
    rolled.foreign_key = {"user_id"};
    schema.fields.push_back(field(name, rolled));
    rolled.filters = {{compare("status", FilterOp::eq, {"paid"})}};
    schema.fields.push_back(field("paid_" + name, rolled));
  }
  expect(
      {{"1",
        R"({"count":4,"paid_count":2,"sum":13.50,"paid_sum":5.00,"avg":11.5000000000000000,"paid_avg":11.5000000000000000,)"
        R"("min":"cancelled","paid_min":"paid","max":"2024-01-03T00:00:00+00:00","paid_max":"2024-01-01T00:00:00+00:00",)"
        R"("nan":null,"paid_nan":3.5,"ids":[10,11,12,13],"paid_ids":[10,13]})"},
       {"2",
        R"({"count":0,"paid_count":0,"sum":null,"paid_sum":null,"avg":null,"paid_avg":null,"min":null,"paid_min":null,)"
        R"("max":null,"paid_max":null,"nan":null,"paid_nan":null,"ids":[],"paid_ids":[]})"}});
}

TEST_F(DocumentRelations, aggregates_through_a_junction_honour_filters_and_existence) {
  AggregateField ids = aggregate(AggregateOp::ids, store.table("tags"), "", FieldKind::keyword);
  ids.through = Through{store.table("user_tags"), {"user_id"}, {"tag_id"}};
  AggregateField colors = ids;
  colors.filters = {{compare("kind", FilterOp::eq, {"color"})}};
  AggregateField count = ids;
  count.op = AggregateOp::count;
  AggregateField last = ids;
  last.op = AggregateOp::max;
  last.column = "name";
  last.value_type = FieldKind::keyword;
  schema.fields = {field("ids", ids), field("colors", colors), field("count", count), field("last", last)};
  expect({{"1", R"({"ids":[1,1,2,3],"colors":[1,1,3],"count":4,"last":"red"})"},
          {"2", R"({"ids":[2],"colors":[],"count":1,"last":"big"})"},
          {"3", R"({"ids":[],"colors":[],"count":0,"last":null})"}});
}

TEST_F(DocumentRelations, relations_inside_objects_and_the_same_table_twice) {
  AggregateField count = aggregate(AggregateOp::count, store.table("orders"));
  count.foreign_key = {"user_id"};
  ObjectField stats;
  stats.fields = {field("orders", count), column("name", FieldKind::text)};
  JoinField self = join(JoinVerb::belongs_to, store.table("users"), {"id"}, {column("name", FieldKind::text)});
  schema.fields = {field("stats", stats), field("self", self)};
  expect({{"1", R"({"stats":{"orders":4,"name":"Ada"},"self":{"name":"Ada"}})"}});
}

TEST_F(DocumentRelations, every_filter_operator) {
  const std::vector<std::pair<Filter, std::string>> cases = {
      {compare("status", FilterOp::eq, {"paid"}), "[10,13]"},
      {compare("status", FilterOp::neq, {"paid"}), "[11,12]"},
      {compare("total", FilterOp::lt, {"5.001"}), "[10,12]"},
      {compare("total", FilterOp::lte, {"5"}), "[10,12]"},
      {compare("total", FilterOp::gt, {"5"}), "[11]"},
      {compare("total", FilterOp::gte, {"5"}), "[10,11]"},
      {compare("status", FilterOp::in, {"new", "it's"}), "[11]"},
      {compare("status", FilterOp::not_in, {"new", "paid"}), "[12]"},
      {compare("status", FilterOp::like, {"%A%"}), "[]"},
      {compare("status", FilterOp::ilike, {"%A%"}), "[10,12,13]"},
      {compare("id", FilterOp::like, {"%1"}), "[11]"},
      {compare("placed", FilterOp::between, {"2024-01-02", "2024-01-04"}), "[11,12]"},
      {Filter{FilterNull{"total", true}, {}}, "[13]"},
      {Filter{FilterNull{"total", false}, {}}, "[10,11,12]"},
      {Filter{FilterRaw{"total > 1 AND status = 'new' -- a comment"}, {}}, "[11]"},
      {Filter{FilterRaw{"orders.total > 1 OR id = 13"}, {}}, "[10,11,13]"},
  };
  std::string expected = "{";
  for (const auto& [filter, ids] : cases) {
    AggregateField rolled = aggregate(AggregateOp::ids, store.table("orders"), "", FieldKind::long_integer);
    rolled.foreign_key = {"user_id"};
    rolled.filters = {{filter}};
    const std::string name = "f" + std::to_string(schema.fields.size());
    schema.fields.push_back(field(name, rolled));
    expected += (expected.size() > 1 ? ",\"" : "\"") + name + "\":" + ids;
  }
  expect({{"1", expected + "}"}});
}

TEST_F(DocumentRelations, a_filter_literal_is_not_cut_to_the_columns_length) {
  store.exec("ALTER TABLE orders ALTER status TYPE varchar(4) USING left(status, 4), ALTER total TYPE numeric(10,1)");
  AggregateField rolled = aggregate(AggregateOp::count, store.table("orders"));
  rolled.foreign_key = {"user_id"};
  rolled.filters = {{compare("status", FilterOp::eq, {"paid-twice"})}};
  AggregateField below = rolled;
  below.filters = {{compare("total", FilterOp::lt, {"4.96"})}};
  schema.fields = {field("n", rolled), field("m", below)};
  expect({{"1", R"({"n":0,"m":1})"}});
}

TEST_F(DocumentRelations, root_filters_and_raw_ones_make_tombstones) {
  schema.fields = {column("name", FieldKind::text)};
  schema.filters = {
      {compare("name", FilterOp::lt, {"Cleo"}), Filter{FilterRaw{"length(name) = 3 -- all of them"}, {}}}};
  expect({{"1", R"({"name":"Ada"})"}, {"2", R"({"name":"Bob"})"}}, {"3", "4", "5"});
}

TEST_F(DocumentRelations, soft_delete_by_a_boolean) {
  schema.fields = {column("name", FieldKind::text)};
  schema.soft_delete = SoftDelete{false, "deleted", "deleted", {}, {}};
  expect({{"1", R"({"name":"Ada"})"}, {"2", R"({"name":"Bob"})"}, {"4", R"({"name":"Dora"})"}}, {"3"});
}

TEST_F(DocumentRelations, soft_delete_by_any_value_that_is_not_null) {
  schema.fields = {column("name", FieldKind::text)};
  schema.soft_delete = SoftDelete{false, "gone_at", "gone_at", {}, {}};
  expect({{"1", R"({"name":"Ada"})"}, {"3", R"({"name":"Cleo"})"}}, {"4"});
}

TEST_F(DocumentRelations, soft_delete_narrowed_by_a_condition_counts_unknown_as_deleted) {
  store.exec("UPDATE users SET deleted = true WHERE id IN (1, 2, 4)");  // plans: a, NULL, b
  schema.fields = {column("name", FieldKind::text)};
  SoftDelete rule{false, "deleted", "deleted", {}, {}};
  rule.when = {{compare("plan", FilterOp::eq, {"b"})}};
  schema.soft_delete = rule;
  expect({{"1", R"({"name":"Ada"})"}, {"3", R"({"name":"Cleo"})"}}, {"2", "4"});
}

TEST_F(DocumentRelations, composite_keys_on_every_side) {
  store.exec(
      "CREATE TABLE site (tenant int, code text, PRIMARY KEY (tenant, code));"
      "CREATE TABLE page (id int PRIMARY KEY, tenant int, site text, title text);"
      "CREATE TABLE topic (tenant int, code text, label text, PRIMARY KEY (tenant, code));"
      "CREATE TABLE site_topic (tenant int, site text, topic text);"
      "INSERT INTO site VALUES (7, 'a:b'), (7, '50%'), (8, '');"
      "INSERT INTO page VALUES (1, 7, 'a:b', 'one'), (2, 7, 'a:b', 'two'), (3, 8, 'a:b', 'other');"
      "INSERT INTO topic VALUES (7, 'x:y', 'X'), (8, 'x:y', 'other'); INSERT INTO site_topic VALUES (7, 'a:b', 'x:y')");
  schema = IndexSchema{};
  schema.table = store.table("site");
  schema.primary_key = {"tenant", "code"};
  JoinField pages =
      join(JoinVerb::has_many, store.table("page"), {"tenant", "site"}, {column("title", FieldKind::text)});
  JoinField topics = join(JoinVerb::many_to_many, store.table("topic"), {}, {column("label", FieldKind::text)});
  topics.primary_key = {"tenant", "code"};
  topics.through = Through{store.table("site_topic"), {"tenant", "site"}, {"tenant", "topic"}};
  AggregateField ids = aggregate(AggregateOp::ids, store.table("topic"), "", FieldKind::keyword);
  ids.through = topics.through;
  schema.fields = {column("code", FieldKind::keyword), field("pages", pages), field("topics", topics),
                   field("ids", ids)};
  expect({{"7:a%3Ab",
           R"({"code":"a:b","pages":[{"title":"one"},{"title":"two"}],"topics":[{"label":"X"}],"ids":["7:x%3Ay"]})"},
          {"7:50%25", R"({"code":"50%","pages":[],"topics":[],"ids":[]})"},
          {"8:", R"({"code":"","pages":[],"topics":[],"ids":[]})"}},
         {"7:gone", "7"});
}

TEST_F(DocumentRelations, odd_names_are_quoted_everywhere) {
  store.exec(
      "CREATE TABLE \"We \"\"ird\" (\"Id\" int PRIMARY KEY, \"sel ect\" text); CREATE TABLE \"Child\" (id int PRIMARY "
      "KEY, \"Par ent\" int);"
      "INSERT INTO \"We \"\"ird\" VALUES (1, 'x'); INSERT INTO \"Child\" VALUES (5, 1)");
  schema = IndexSchema{};
  schema.table = store.table("We \"ird");
  schema.primary_key = {"Id"};
  JoinField children = join(JoinVerb::has_many, store.table("Child"), {"Par ent"}, {column("id", FieldKind::integer)});
  schema.fields = {column("s", FieldKind::text, "sel ect"), field("children", children)};
  expect({{"1", R"({"s":"x","children":[{"id":5}]})"}});
}

TEST_F(DocumentRelations, keys_of_every_type_answer_by_their_own_text) {
  store.exec("CREATE TYPE mood AS ENUM ('ok', 'so:so'); CREATE DOMAIN code AS varchar(20)");
  const std::vector<std::vector<std::string>> cases = {
      {"smallint", "5"},
      {"bigint", "-9223372036854775808"},
      {"numeric", "1.00"},
      {"text", "a:b%é\"\\'{},"},
      {"varchar(30)", "x"},
      {"char(5)", "ab   "},
      {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
      {"boolean", "true"},
      {"date", "2024-01-02"},
      {"timestamp", "2024-01-02 03:04:05.5"},
      {"timestamptz", "2024-01-02 03:04:05+00"},
      {"time", "03:04:05"},
      {"bytea", "\\x00ff"},
      {"mood", "so:so"},
      {"code", "c"},
      {"inet", "10.0.0.1"},
      {"double precision", "0.1"},
      {"text", ""},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one[0] + " " + one[1]);
    store.exec("DROP TABLE IF EXISTS k; CREATE TABLE k (id " + one[0] + " PRIMARY KEY, v int); INSERT INTO k VALUES (" +
               quote_literal(one[1]) + ", 1)");
    schema = IndexSchema{};
    schema.table = store.table("k");
    schema.primary_key = {"id"};
    schema.fields = {column("v", FieldKind::integer)};
    expect({{one[1], R"({"v":1})"}});
  }
}

TEST_F(DocumentRelations, a_row_whose_key_has_a_null_part_has_no_document) {
  store.exec("CREATE TABLE n (a int, b int, v int); INSERT INTO n VALUES (1, 2, 3), (1, NULL, 4), (NULL, NULL, 5)");
  schema = IndexSchema{};
  schema.table = store.table("n");
  schema.primary_key = {"a", "b"};
  schema.fields = {column("v", FieldKind::integer)};
  const Plan plan = store.plan(schema);
  const Collected seed = scan_documents(plan);
  EXPECT_EQ(seed.documents, (std::map<std::string, std::string>{{"1:2", "{\"v\":3}"}}));
  expect({{"1:2", "{\"v\":3}"}}, {"1:9"});
}

}  // namespace
}  // namespace flusso::pg
