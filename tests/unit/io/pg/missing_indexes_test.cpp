// Plans as EXPLAIN writes them, and the lookups for which they read too much.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/pg/check/lookups.h"

namespace flusso::pg {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string scan_json(const std::string& rest) {
  return R"([{"Plan": {"Node Type": "Nested Loop", "Plans": [{)" + rest + "}]}}]";
}

const std::string kSeqScan =
    R"j("Node Type": "Seq Scan", "Schema": "public", "Relation Name": "orders", "Alias": "t1", "Filter": "(t1.user_id = root.id)")j";

DatabaseFacts facts_with(std::vector<IndexFacts> indexes) {
  DatabaseFacts facts;
  TableFacts orders;
  orders.info.table = {"public", "orders"};
  orders.indexes = std::move(indexes);
  facts.tables.push_back(orders);
  return facts;
}

CheckFindings look(const std::string& plan, const DatabaseFacts& facts,
                   const std::vector<Lookup>& lookups = {{{"public", "orders"}, {"user_id"}, "orders", {}}}) {
  CheckFindings findings;
  Told told;
  check_scans("users", scans_of(plan), lookups, facts, told, findings);
  return findings;
}

TEST(ScansOf, finds_every_table_with_its_conditions) {
  const auto scans = scans_of(scan_json(kSeqScan));
  ASSERT_EQ(scans.size(), 1u);
  EXPECT_EQ(scans[0].kind, "Seq Scan");
  EXPECT_EQ(scans[0].table, (TableRef{"public", "orders"}));
  EXPECT_THAT(scans[0].conditions, HasSubstr("t1.user_id = root.id"));
}

TEST(ScansOf, what_is_no_plan_gives_nothing) {
  for (const char* text : {"", "{", "[]", "[1]", "[{\"Plan\": 3}]", "null"})
    EXPECT_THAT(scans_of(text), IsEmpty()) << text;
}

TEST(MissingIndexes, a_sequential_scan_by_a_foreign_key_names_the_index) {
  const auto findings = look(scan_json(kSeqScan), facts_with({{"orders_pkey", {"id"}}}));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, FindingSeverity::warning);
  EXPECT_EQ(findings[0].field, "orders");
  EXPECT_THAT(findings[0].message, HasSubstr("CREATE INDEX CONCURRENTLY ON \"public\".\"orders\" (\"user_id\");"));
}

TEST(MissingIndexes, an_index_that_begins_with_another_column_does_not_help) {
  const std::string plan = scan_json(
      R"j("Node Type": "Index Only Scan", "Schema": "public", "Relation Name": "orders", "Alias": "t1",
         "Index Name": "orders_pkey", "Index Cond": "(t1.user_id = root.id)")j");
  EXPECT_EQ(look(plan, facts_with({{"orders_pkey", {"id", "user_id"}}})).size(), 1u);
}

TEST(MissingIndexes, an_index_read_from_end_to_end_for_its_order_does_not_help) {
  const std::string plan = scan_json(
      R"j("Node Type": "Index Scan", "Schema": "public", "Relation Name": "orders", "Alias": "t1",
         "Index Name": "orders_pkey", "Filter": "(t1.user_id = root.id)")j");
  EXPECT_EQ(look(plan, facts_with({{"orders_pkey", {"id"}}})).size(), 1u);
  EXPECT_THAT(look(plan, facts_with({{"orders_pkey", {"id"}}, {"orders_user", {"user_id"}}})), IsEmpty());
}

TEST(MissingIndexes, a_search_by_the_leading_column_is_fine) {
  const std::string plan = scan_json(
      R"j("Node Type": "Index Scan", "Schema": "public", "Relation Name": "orders", "Alias": "t1",
         "Index Name": "orders_user", "Index Cond": "(t1.user_id = root.id)")j");
  EXPECT_THAT(look(plan, facts_with({{"orders_user", {"user_id", "id"}}})), IsEmpty());
}

TEST(MissingIndexes, a_partial_index_that_serves_the_statement_is_enough) {
  const std::string plan = scan_json(
      R"j("Node Type": "Index Scan", "Schema": "public", "Relation Name": "orders", "Alias": "t1",
         "Index Name": "orders_open", "Index Cond": "(t1.user_id = root.id)")j");
  EXPECT_THAT(look(plan, facts_with({})), IsEmpty());
}

TEST(MissingIndexes, a_plan_that_walks_something_else_does_not_hide_it) {
  const std::string plan = scan_json(
      R"j("Node Type": "Index Scan", "Schema": "public", "Relation Name": "user_tags", "Alias": "j1",
         "Index Name": "user_tags_pkey", "Index Cond": "((j1.tag_id = t1.id) AND (j1.user_id = root.id))")j");
  DatabaseFacts facts = facts_with({});
  TableFacts junction;
  junction.info.table = {"public", "user_tags"};
  junction.indexes = {{"user_tags_pkey", {"tag_id", "user_id"}}};
  facts.tables.push_back(junction);
  EXPECT_EQ(look(plan, facts, {{{"public", "user_tags"}, {"user_id"}, "tags", {}}}).size(), 1u);
}

TEST(MissingIndexes, a_scan_in_spite_of_an_index_says_that_the_types_do_not_fit) {
  const auto findings = look(scan_json(kSeqScan), facts_with({{"orders_user", {"user_id"}}}));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_THAT(findings[0].message, HasSubstr("although an index begins with these columns"));
}

TEST(MissingIndexes, quoted_names_and_names_within_names_are_told_apart) {
  const std::string plan = scan_json(
      R"j("Node Type": "Seq Scan", "Schema": "public", "Relation Name": "orders", "Alias": "t1",
         "Filter": "(t1.\"User Id\" = root.id)")j");
  const auto findings =
      look(plan, facts_with({{"one", {"User"}}, {"two", {"User Id"}}}),
           {{{"public", "orders"}, {"User"}, "wrong", {}}, {{"public", "orders"}, {"User Id"}, "right", {}}});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].field, "right");
}

TEST(MissingIndexes, each_is_told_once_however_many_statements_want_it) {
  CheckFindings findings;
  Told told;
  const std::vector<Lookup> lookups{{{"public", "orders"}, {"user_id"}, "orders", {}}};
  const DatabaseFacts facts = facts_with({});
  for (int i = 0; i < 3; ++i) check_scans("users", scans_of(scan_json(kSeqScan)), lookups, facts, told, findings);
  EXPECT_EQ(findings.size(), 1u);
}

}  // namespace
}  // namespace flusso::pg
