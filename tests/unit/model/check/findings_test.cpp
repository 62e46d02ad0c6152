// Findings in order, what is left of an index without its errors, and who reads a table.
#include <gmock/gmock.h>

#include "model/check/prune.h"
#include "model/check/readers.h"
#include "tests/unit/model/check/store.h"

namespace flusso::check_test {
namespace {

using ::testing::ElementsAre;

CheckFinding finding(const std::string& index, int line, FindingSeverity severity = FindingSeverity::error) {
  return {severity, index, "f", "m", {"f.yml", line, 1}, FindingPart::field};
}

TEST(Findings, the_deployment_comes_first_then_index_by_index_in_file_order) {
  CheckFindings findings{finding("b", 1), finding("a", 9), finding("a", 2), finding("", 0)};
  sort_findings(findings);
  std::vector<std::string> order;
  for (const CheckFinding& one : findings) order.push_back(one.index + std::to_string(one.at.line));
  EXPECT_THAT(order, ElementsAre("0", "a2", "a9", "b1"));
}

TEST(Findings, the_same_finding_is_kept_once) {
  CheckFindings findings{finding("a", 1), finding("a", 1), finding("a", 1, FindingSeverity::note)};
  sort_findings(findings);
  EXPECT_EQ(findings.size(), 2u);
}

TEST(Findings, only_errors_fail_a_check) {
  EXPECT_FALSE(has_errors({finding("a", 1, FindingSeverity::warning), finding("a", 1, FindingSeverity::note)}));
  EXPECT_TRUE(has_errors({finding("a", 1)}));
}

using Prune = Store;

std::vector<std::string> names(const std::vector<Field>& fields) {
  std::vector<std::string> out;
  for (const Field& field : fields) out.push_back(field.name);
  return out;
}

TEST_F(Prune, a_field_with_an_error_goes_and_its_neighbours_stay) {
  JoinField join = has_orders();
  join.fields.push_back(scalar("nope", FieldKind::keyword));
  schema.fields = {scalar("emial", FieldKind::keyword), scalar("email", FieldKind::keyword), make("orders", join)};
  const auto kept = without_errors("users", schema, facts, check());
  ASSERT_TRUE(kept);
  EXPECT_THAT(names(kept->fields), ElementsAre("email", "orders"));
  EXPECT_THAT(names(std::get<JoinField>(kept->fields[1].source).fields), ElementsAre("id"));
}

TEST_F(Prune, a_join_that_loses_every_field_keeps_a_placeholder) {
  JoinField join = has_orders();
  join.fields = {scalar("nope", FieldKind::keyword)};
  schema.fields = {make("orders", join)};
  const auto kept = without_errors("users", schema, facts, check());
  ASSERT_TRUE(kept);
  EXPECT_EQ(std::get<JoinField>(kept->fields.at(0).source).fields.size(), 1u);
}

TEST_F(Prune, a_root_that_cannot_be_read_leaves_nothing) {
  facts.tables[0].readable = false;
  EXPECT_FALSE(without_errors("users", schema, facts, check()));
  facts.tables[0].readable = true;
  schema.primary_key = {"nope"};
  EXPECT_FALSE(without_errors("users", schema, facts, check()));
}

TEST_F(Prune, what_reads_a_table_that_cannot_be_used_goes_although_it_is_told_elsewhere) {
  facts.tables[1].readable = false;
  schema.fields = {make("orders", has_orders()), make("orderCount", rollup(AggregateOp::count)),
                   scalar("email", FieldKind::keyword)};
  const auto kept = without_errors("users", schema, facts, check());
  ASSERT_TRUE(kept);
  EXPECT_THAT(names(kept->fields), ElementsAre("email"));
}

TEST_F(Prune, warnings_and_errors_of_other_indexes_take_nothing_away) {
  schema.fields = {scalar("email", FieldKind::keyword)};
  const CheckFindings findings{{FindingSeverity::warning, "users", "email", "m", {}, FindingPart::field},
                               {FindingSeverity::error, "orders", "email", "m", {}, FindingPart::field}};
  EXPECT_THAT(names(without_errors("users", schema, facts, findings)->fields), ElementsAre("email"));
}

TEST_F(Prune, broken_filters_and_soft_deletes_go_alone) {
  schema.filters = {{compare("nope", FilterOp::eq, {"1"})}};
  schema.soft_delete = SoftDelete{false, "email", "email", {}, {}};
  const auto kept = without_errors("users", schema, facts, check());
  ASSERT_TRUE(kept);
  EXPECT_FALSE(kept->filters);
  EXPECT_FALSE(kept->soft_delete);
}

TEST_F(Prune, readers_of_a_table_are_its_relations_in_order) {
  JoinField join = has_orders();
  schema.fields = {make("inner", ObjectField{{make("orders", join)}}), make("orderCount", rollup(AggregateOp::count)),
                   make("tags", has_tags())};
  IndexPlan plan;
  plan.name = "users";
  plan.schema = schema;
  EXPECT_EQ(names_of(readers_of({"public", "orders"}, {plan})), "users.inner.orders, users.orderCount");
  EXPECT_EQ(names_of(readers_of({"public", "user_tags"}, {plan})), "users.tags");
  EXPECT_EQ(names_of(readers_of({"public", "users"}, {plan})), "users");
}

}  // namespace
}  // namespace flusso::check_test
