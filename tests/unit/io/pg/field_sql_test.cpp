#include "io/pg/field_sql.h"

#include "io/pg/filter_sql.h"
#include "sql_fixture.h"

namespace flusso::pg {
namespace {

using namespace test;

std::string json(const std::string& type, ValueTarget target) {
  const TableInfo table = table_info("t", {"c"}, {{"c", type}});
  TextParts parts;
  append_json(parts, column_value(table.columns[0], "t"), JsonRules{target, "null"});
  return parts.sql();
}

TEST(FieldSql, the_cheapest_expression_of_each_type) {
  EXPECT_EQ(json("int4!", ValueTarget::number), "concat(t.\"c\")");
  EXPECT_EQ(json("int4", ValueTarget::number), "concat('\x02',t.\"c\")");
  EXPECT_EQ(json("text!", ValueTarget::other), "concat('\x01',octet_length(t.\"c\"),':',t.\"c\")");
  EXPECT_EQ(json("text", ValueTarget::other), json("text!", ValueTarget::other)) << "NULL leaves a mark without length";
  EXPECT_EQ(json("uuid!", ValueTarget::other), "concat('\"',t.\"c\",'\"')");
  EXPECT_EQ(json("bool!", ValueTarget::boolean), "concat(CASE WHEN t.\"c\" THEN 'true' ELSE 'false' END)");
  EXPECT_EQ(json("jsonb!", ValueTarget::other), "concat(t.\"c\")");
  EXPECT_EQ(json("numeric!", ValueTarget::other), "concat(to_json(t.\"c\"))");
  EXPECT_EQ(json("numeric!", ValueTarget::number), "concat('\x02',t.\"c\")") << "NaN is left to us";
  EXPECT_EQ(json("float8", ValueTarget::number), json("numeric!", ValueTarget::number));
  EXPECT_EQ(json("date", ValueTarget::date), "concat('\x03',t.\"c\")") << "the range is left to us";
  EXPECT_EQ(json("timestamptz!", ValueTarget::date), json("date", ValueTarget::date));
  EXPECT_EQ(json("time", ValueTarget::date), "concat('\x03',(timestamp '1970-01-01' + t.\"c\"::interval))");
  EXPECT_EQ(json("date!", ValueTarget::other), "concat(to_json(t.\"c\"))");
  EXPECT_EQ(json("_int4!", ValueTarget::number), "concat(to_json(t.\"c\"))");
  EXPECT_EQ(json("order_status!", ValueTarget::other), "concat(to_json(t.\"c\"))");
}

TEST(FieldSql, a_users_type_called_like_a_built_in_one_keeps_no_family) {
  ColumnInfo column;
  column.base_type = "money";
  column.base_oid = 790;
  EXPECT_EQ(sql_type(column).family, TypeFamily::money);
  column.base_oid = 16500;
  EXPECT_EQ(sql_type(column).family, TypeFamily::other);
}

TEST(FilterSql, operands_are_quoted_untyped_literals) {
  const TableInfo table = table_info("t", {"c"}, {{"c", "int4"}, {"s", "text"}});
  const auto sql = [&](const Filter& filter) { return *filter_condition(filter, table, "a"); };
  EXPECT_EQ(sql(compare("s", FilterOp::eq, {"it's"})), "a.\"s\" = 'it''s'");
  EXPECT_EQ(sql(compare("c", FilterOp::in, {"1", "2"})), "a.\"c\" IN ('1','2')");
  EXPECT_EQ(sql(compare("c", FilterOp::between, {"1", "2"})), "a.\"c\" BETWEEN '1' AND '2'");
  EXPECT_EQ(sql(compare("s", FilterOp::ilike, {"a\\%"})), "a.\"s\" ILIKE  E'a\\\\%'");
  EXPECT_EQ(sql(compare("c", FilterOp::like, {"1%"})), "a.\"c\"::text LIKE '1%'");
  EXPECT_EQ(sql(Filter{FilterNull{"c", false}, {}}), "a.\"c\" IS NOT NULL");
  EXPECT_EQ(sql(Filter{FilterRaw{"x OR y"}, {}}), "(x OR y\n)");
  EXPECT_EQ(filter_condition(compare("nope", FilterOp::eq, {"1"}), table, "a").error().code, "config.column_missing");
  EXPECT_EQ(filter_condition(compare("c", FilterOp::eq, {}), table, "a").error().code, "config.filter_operands");
}

TEST(FilterSql, soft_delete_is_truthy_or_not_null) {
  const TableInfo table = table_info("t", {"c"}, {{"b", "bool"}, {"d", "date"}, {"s", "text"}});
  EXPECT_EQ(*alive_condition(SoftDelete{false, "b", "b", {}, {}}, table, "root"), "NOT (root.\"b\" IS TRUE)");
  SoftDelete rule{false, "d", "d", {}, {}};
  rule.when = {{compare("s", FilterOp::eq, {"x"})}};
  EXPECT_EQ(*alive_condition(rule, table, "root"), "NOT (root.\"d\" IS NOT NULL AND root.\"s\" = 'x')");
}

}  // namespace
}  // namespace flusso::pg
