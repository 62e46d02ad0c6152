// Keys, joins, aggregates, filters, soft delete and access against the catalog.
#include <gmock/gmock.h>

#include "model/check/near_names.h"
#include "tests/unit/model/check/store.h"

namespace flusso::check_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Keys = Store;

TEST_F(Keys, a_missing_table_is_named_with_the_nearest_one) {
  schema.table = {"public", "usres"};
  facts.names = {{"public", "users"}, {"sales", "orders"}};
  EXPECT_THAT(said(), AllOf(StartsWith("error users: "), HasSubstr("public.usres, which does not exist, did you mean "
                                                                   "public.users?")));
}

TEST_F(Keys, a_missing_root_does_not_hide_what_hangs_below) {
  schema.table = {"public", "usres"};
  JoinField join = has_orders();
  join.key = {"usr_id"};
  join.fields = {scalar("totl", FieldKind::decimal)};
  JoinField owner;
  owner.verb = JoinVerb::belongs_to;
  owner.table = {"public", "nowhere"};
  owner.primary_key = {"id"};
  owner.key = {"x"};
  owner.required = true;
  owner.fields = {make("tags", has_tags()), scalar("email", FieldKind::keyword)};
  AggregateField sum = rollup(AggregateOp::sum, "note");
  sum.value_type = FieldKind::decimal;
  schema.fields = {scalar("email", FieldKind::keyword), make("orders", join), make("owner", owner), make("s", sum)};
  const std::string text = said();
  EXPECT_THAT(text, HasSubstr("error users.orders: `foreign_key` references unknown column"));
  EXPECT_THAT(text, HasSubstr("error users.orders.totl: "));
  EXPECT_THAT(text, HasSubstr("error users.owner: `table` names table public.nowhere"));
  EXPECT_THAT(text, HasSubstr("error users.s: sum takes numbers"));
  EXPECT_THAT(text, Not(HasSubstr("users.email")));
}

TEST_F(Keys, a_table_of_the_same_name_elsewhere_is_suggested) {
  EXPECT_EQ(table_suggestion({"public", "orders"}, {{"sales", "orders"}}), ", did you mean sales.orders?");
  EXPECT_EQ(table_suggestion({"public", "orders"}, {{"sales", "ordres"}, {"public", "invoices"}}), "");
  EXPECT_EQ(table_suggestion({"public", "orders"}, {{"public", "ordres"}}), ", did you mean public.ordres?");
}

TEST_F(Keys, a_view_cannot_be_followed) {
  facts.tables[0].unsupported = "a view";
  EXPECT_THAT(said(), HasSubstr("public.users, which is a view"));
}

TEST_F(Keys, an_index_without_a_key_is_told_the_catalogs) {
  schema.primary_key.clear();
  EXPECT_THAT(said(), HasSubstr("add `primary_key: id`"));
}

TEST_F(Keys, a_key_that_is_not_unique_is_an_error_with_a_cure) {
  schema.primary_key = {"email"};
  EXPECT_THAT(said(), AllOf(HasSubstr("error users: `primary_key` (email) is not unique in public.users"),
                            HasSubstr("CREATE UNIQUE INDEX CONCURRENTLY ON \"public\".\"users\" (\"email\");")));
  users().primary_key.clear();
  users().unique_keys.clear();
  EXPECT_THAT(said(), HasSubstr("ALTER TABLE \"public\".\"users\" ADD PRIMARY KEY (\"email\");"));
  users().unique_keys = {{"email"}};
  EXPECT_EQ(said(), "");
}

TEST_F(Keys, a_generated_column_is_no_key) {
  of(users(), "id").generated = true;
  EXPECT_THAT(said(), HasSubstr("a generated column, and those are not replicated"));
}

TEST_F(Keys, a_nullable_key_is_a_warning) {
  of(users(), "id").not_null = false;
  EXPECT_THAT(said(), AllOf(StartsWith("warning users: "), HasSubstr("SET NOT NULL;")));
}

using Joins = Store;

TEST_F(Joins, int_and_bigint_are_compared_without_a_word) { EXPECT_EQ(said(make("orders", has_orders())), ""); }

TEST_F(Joins, types_without_an_equals_sign_are_an_error) {
  JoinField join = has_orders();
  join.key = {"note"};
  EXPECT_THAT(said(make("orders", join)),
              HasSubstr("error users.orders: the keys do not compare: public.orders.note is text, public.users.id is "
                        "int8"));
}

TEST_F(Joins, types_that_are_converted_are_a_warning) {
  JoinField join = has_orders();
  join.key = {"total"};
  EXPECT_THAT(said(make("orders", join)), HasSubstr("warning users.orders: the keys have different types"));
}

TEST_F(Joins, every_column_of_a_join_is_looked_up) {
  JoinField join = has_orders();
  join.primary_key = {"nope"};
  join.key = {"usr_id"};
  join.order_by = {{OrderBy{"totl", false, false}}};
  join.filters = {{compare("noet", FilterOp::eq, {"x"})}};
  const std::string text = said(make("orders", join));
  for (const char* part : {"`primary_key` references unknown column public.orders.nope",
                           "`foreign_key` references unknown column public.orders.usr_id, did you mean user_id?",
                           "`order_by` references unknown column public.orders.totl, did you mean total?",
                           "a filter references unknown column public.orders.noet, did you mean note?"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST_F(Joins, a_belongs_to_reads_its_own_row) {
  JoinField join;
  join.verb = JoinVerb::belongs_to;
  join.table = {"public", "users"};
  join.primary_key = {"id"};
  join.key = {"manager_id"};
  join.required = true;
  join.fields = {scalar("email", FieldKind::keyword)};
  EXPECT_THAT(said(make("manager", join)),
              AllOf(StartsWith("warning users.manager: `required: true`"), HasSubstr("the object may be null")));
  join.required = false;
  join.key = {"boss_id"};
  schema.fields.clear();
  EXPECT_THAT(said(make("manager", join)), HasSubstr("`column` references unknown column public.users.boss_id"));
}

TEST_F(Joins, a_junction_is_looked_up_with_both_keys) {
  EXPECT_EQ(said(make("tags", has_tags())), "");
  JoinField join = has_tags();
  join.through->left_key = {"usr_id"};
  join.through->right_key = {"tg_id"};
  schema.fields.clear();
  EXPECT_THAT(said(make("tags", join)), AllOf(HasSubstr("public.user_tags.usr_id, did you mean user_id?"),
                                              HasSubstr("public.user_tags.tg_id, did you mean tag_id?")));
  join.through->table = {"public", "users_tags"};
  schema.fields.clear();
  EXPECT_THAT(said(make("tags", join)), HasSubstr("`through` names table public.users_tags, which does not exist"));
}

TEST_F(Joins, json_has_no_order) {
  JoinField join = has_orders();
  join.order_by = {{OrderBy{"body", false, false}}};
  EXPECT_THAT(said(make("orders", join)), HasSubstr("values of type json have no order"));
}

using Aggregates = Store;

TEST_F(Aggregates, sums_want_numbers) {
  EXPECT_THAT(said(make("s", rollup(AggregateOp::avg, "note"))), HasSubstr("error users.s: avg takes numbers"));
}

TEST_F(Aggregates, min_and_max_want_an_order) {
  AggregateField newest = rollup(AggregateOp::max, "body");
  newest.value_type = FieldKind::json;
  EXPECT_THAT(said(make("m", newest)), HasSubstr("max needs values that can be ordered"));
}

TEST_F(Aggregates, the_declared_type_holds_the_result) {
  AggregateField sum = rollup(AggregateOp::sum, "quantity");
  sum.value_type = FieldKind::long_integer;
  EXPECT_EQ(said(make("a", sum)), "");
  sum.value_type = FieldKind::integer;
  EXPECT_THAT(said(make("b", sum)), HasSubstr("warning users.b: the sum of column public.orders.quantity (int4) is a "
                                              "int8"));
  schema.fields.clear();
  sum.value_type = FieldKind::date;
  EXPECT_THAT(said(make("c", sum)), HasSubstr("error users.c: type mismatch: `value_type: date` takes date"));
  schema.fields.clear();
  AggregateField least = rollup(AggregateOp::min, "total");
  least.value_type = FieldKind::decimal;
  EXPECT_EQ(said(make("d", least)), "");
}

TEST_F(Aggregates, ids_fit_the_primary_key) {
  AggregateField ids = rollup(AggregateOp::ids);
  ids.element_type = FieldKind::long_integer;
  EXPECT_EQ(said(make("a", ids)), "");
  ids.element_type = FieldKind::uuid;
  EXPECT_THAT(said(make("b", ids)), HasSubstr("`element_type: uuid` does not hold the primary key public.orders.id"));
  schema.fields.clear();
  orders().primary_key.clear();
  EXPECT_THAT(said(make("c", ids)), HasSubstr("`ids` needs the primary key of table public.orders, which has none"));
}

using Conditions = Store;

TEST_F(Conditions, a_filter_for_null_on_a_column_that_has_none_lets_nothing_through) {
  schema.filters = {{Filter{FilterNull{"email", true}, {"users.schema.yml", 4, 5}}}};
  const CheckFindings findings = check();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, FindingSeverity::warning);
  EXPECT_EQ(findings[0].part, FindingPart::filters);
  EXPECT_EQ(findings[0].at.line, 4);
}

using SoftDeletes = Store;

TEST_F(SoftDeletes, a_boolean_and_a_nullable_timestamp_serve) {
  for (const char* name : {"deleted", "deleted_at"}) {
    schema.soft_delete = SoftDelete{false, name, name, {}, {}};
    EXPECT_EQ(said(), "") << name;
  }
}

TEST_F(SoftDeletes, a_column_that_is_never_null_would_delete_every_row) {
  schema.soft_delete = SoftDelete{false, "email", "email", {}, {"users.schema.yml", 3, 1}};
  EXPECT_THAT(said(), AllOf(StartsWith("error users: "), HasSubstr("every row would count as deleted")));
  schema.soft_delete->when = {{compare("email", FilterOp::eq, {""})}};
  EXPECT_EQ(said(), "");
}

TEST_F(SoftDeletes, a_nullable_flag_of_another_type_is_a_warning) {
  schema.soft_delete = SoftDelete{false, "phone", "phone", {}, {}};
  EXPECT_THAT(said(), HasSubstr("any value that is not NULL deletes"));
}

using Access = Store;

TEST_F(Access, what_the_role_may_not_see_is_told_once_per_table_with_the_grant) {
  facts.tables[1].readable = false;
  schema.fields = {make("orders", has_orders()), make("orderCount", rollup(AggregateOp::count))};
  EXPECT_THAT(said(), StartsWith("error users.orders: role \"app\" may not read table public.orders; run GRANT SELECT "
                                 "ON \"public\".\"orders\" TO \"app\";"));
  EXPECT_EQ(check().size(), 1u);
  facts.tables[1].readable = true;
  facts.tables[1].schema_usable = false;
  EXPECT_THAT(said(), HasSubstr("GRANT USAGE ON SCHEMA \"public\" TO \"app\";"));
  facts.tables[1].schema_usable = true;
  facts.tables[1].rows_hidden = true;
  EXPECT_THAT(said(), HasSubstr("ALTER ROLE \"app\" BYPASSRLS;"));
}

TEST(NearNames, two_edits_and_half_a_word_are_the_limit) {
  EXPECT_EQ(nearest_name("emial", {"id", "email"}), "email");
  EXPECT_EQ(nearest_name("id", {"ip", "xy"}), "ip");
  EXPECT_EQ(nearest_name("id", {"no"}), "");
}

}  // namespace
}  // namespace flusso::check_test
