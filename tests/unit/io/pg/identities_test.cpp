// Replica identities and relation mapping over hand-made plans.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/pg/preflight.h"
#include "io/pg/relation_map.h"

namespace flusso::pg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TablePlan orders(ReplicaIdentity identity, KeyColumns identity_columns) {
  TablePlan table;
  table.info.table = {"public", "orders"};
  for (const char* name : {"id", "user_id", "note"}) {
    ColumnInfo column;
    column.name = name;
    column.not_null = std::string_view(name) != "note";
    table.info.columns.push_back(column);
  }
  table.info.primary_key = {"id"};
  table.info.identity = identity;
  table.info.identity_columns = std::move(identity_columns);
  table.columns = {"user_id", "id"};
  return table;
}

Plan plan_with(TablePlan table) {
  Plan plan;
  plan.tables.push_back(std::move(table));
  return plan;
}

Link child_link(std::vector<std::uint16_t> columns) {
  Link link;
  link.columns = std::move(columns);
  return link;
}

void add_root(Plan& plan, KeyColumns key) {
  IndexPlan index;
  index.name = "orders";
  index.schema.table = {"public", "orders"};
  index.schema.primary_key = std::move(key);
  plan.indexes.push_back(std::move(index));
}

TEST(Identities, a_root_whose_identity_holds_its_key_is_fine) {
  Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  add_root(plan, {"id"});
  EXPECT_THAT(check_identities(plan).errors, IsEmpty());
}

TEST(Identities, a_root_whose_identity_lacks_its_key_gets_the_exact_statement) {
  Plan plan = plan_with(orders(ReplicaIdentity::index, {"user_id"}));
  add_root(plan, {"id"});
  const auto findings = check_identities(plan);
  ASSERT_EQ(findings.errors.size(), 1u);
  EXPECT_EQ(findings.errors[0].code, "pg.identity_lacks_key");
  EXPECT_THAT(findings.errors[0].what, HasSubstr("ALTER TABLE \"public\".\"orders\" REPLICA IDENTITY DEFAULT;"));
}

TEST(Identities, a_root_named_by_a_nullable_column_needs_the_full_row) {
  Plan plan = plan_with(orders(ReplicaIdentity::index, {"id"}));
  add_root(plan, {"note"});
  EXPECT_THAT(check_identities(plan).errors.at(0).what, HasSubstr("REPLICA IDENTITY FULL;"));
}

TEST(Identities, a_table_without_identity_names_the_cure_for_its_case) {
  EXPECT_THAT(check_identities(plan_with(orders(ReplicaIdentity::nothing, {}))).errors.at(0).what,
              HasSubstr("REPLICA IDENTITY DEFAULT;"));
  TablePlan keyless = orders(ReplicaIdentity::standard, {});
  keyless.info.primary_key.clear();
  EXPECT_THAT(check_identities(plan_with(keyless)).errors.at(0).what, HasSubstr("add a primary key"));
}

TEST(Identities, an_index_that_fits_is_used_before_one_is_made) {
  Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  plan.tables[0].links.push_back(child_link({0}));
  plan.tables[0].info.identity_candidates = {
      {"wide", {"user_id", "id", "note"}}, {"fitting", {"user_id", "id"}}, {"narrow", {"id"}}};
  const auto findings = check_identities(plan);
  EXPECT_THAT(findings.warnings.at(0),
              HasSubstr("run ALTER TABLE \"public\".\"orders\" REPLICA IDENTITY USING INDEX \"fitting\";"));
  EXPECT_THAT(findings.warning_tables, ElementsAre(TableRef{"public", "orders"}));
}

TEST(Identities, a_cure_for_one_reader_keeps_what_another_needs) {
  Plan plan = plan_with(orders(ReplicaIdentity::index, {"id"}));
  plan.tables[0].links.push_back(child_link({0}));
  add_root(plan, {"id"});
  plan.tables[0].info.identity_candidates = {{"only_user", {"user_id"}}, {"both", {"user_id", "id"}}};
  EXPECT_THAT(check_identities(plan).warnings.at(0), HasSubstr("USING INDEX \"both\";"));
}

TEST(Identities, a_child_without_its_foreign_key_in_the_identity_is_a_warning_only) {
  Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  plan.tables[0].links.push_back(child_link({0}));
  const auto findings = check_identities(plan);
  EXPECT_THAT(findings.errors, IsEmpty());
  ASSERT_EQ(findings.warnings.size(), 1u);
  EXPECT_THAT(findings.warnings[0],
              HasSubstr("CREATE UNIQUE INDEX CONCURRENTLY \"orders_flusso_identity\" ON \"public\".\"orders\" "
                        "(\"user_id\", \"id\"); ALTER TABLE \"public\".\"orders\" REPLICA IDENTITY USING INDEX"));
}

TEST(Identities, a_child_with_its_foreign_key_in_the_identity_is_silent) {
  Plan plan = plan_with(orders(ReplicaIdentity::index, {"user_id", "id"}));
  plan.tables[0].links.push_back(child_link({0}));
  EXPECT_THAT(check_identities(plan).warnings, IsEmpty());
}

PgOutputMessage relation(std::vector<std::pair<const char*, bool>> columns) {
  PgOutputMessage message;
  message.kind = PgOutputMessage::Kind::relation;
  message.relation = 5;
  message.schema = "public";
  message.name = "orders";
  for (const auto& [name, key] : columns) message.columns.push_back(RelationColumn{key, name, 23, -1});
  return message;
}

TEST(RelationMap, columns_are_found_by_name_wherever_they_stand) {
  const Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  RelationMap map(plan);
  ASSERT_TRUE(map.learn(relation({{"note", false}, {"id", true}, {"user_id", false}})));
  EXPECT_THAT(map.find(5)->positions, ElementsAre(2, 1));
  ASSERT_TRUE(map.learn(relation({{"id", true}, {"user_id", true}})));
  EXPECT_THAT(map.find(5)->positions, ElementsAre(1, 0));
}

TEST(RelationMap, a_key_tuple_leaves_other_columns_missing_rather_than_null) {
  const Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  RelationMap map(plan);
  ASSERT_TRUE(map.learn(relation({{"id", true}, {"user_id", false}})));
  const Tuple row{{FieldText::State::text, "7"}, {FieldText::State::null, {}}};
  std::vector<FieldText> fields;
  ASSERT_TRUE(RelationMap::project(*map.find(5), row, true, fields));
  EXPECT_EQ(fields[0].state, FieldText::State::missing);
  EXPECT_EQ(fields[1].text, "7");
  ASSERT_TRUE(RelationMap::project(*map.find(5), row, false, fields));
  EXPECT_EQ(fields[0].state, FieldText::State::null);
}

TEST(RelationMap, a_planned_column_that_is_gone_is_named) {
  const Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  RelationMap map(plan);
  const Status status = map.learn(relation({{"id", true}, {"note", false}}));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "pg.column_missing");
  EXPECT_THAT(status.error().what, HasSubstr("public.orders"));
  EXPECT_THAT(status.error().what, HasSubstr("user_id"));
}

TEST(RelationMap, a_table_outside_the_plan_is_known_but_not_found) {
  const Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  RelationMap map(plan);
  PgOutputMessage other = relation({{"id", true}});
  other.schema = "elsewhere";
  ASSERT_TRUE(map.learn(other));
  EXPECT_TRUE(map.known(5));
  EXPECT_EQ(map.find(5), nullptr);
}

TEST(RelationMap, a_row_of_another_width_is_an_error) {
  const Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  RelationMap map(plan);
  ASSERT_TRUE(map.learn(relation({{"id", true}, {"user_id", false}})));
  std::vector<FieldText> fields;
  EXPECT_FALSE(RelationMap::project(*map.find(5), Tuple(3), false, fields));
}

}  // namespace
}  // namespace flusso::pg
