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
    column.type_oid = 23;
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

// Every statement names the partition: one on the table itself changes nothing for them.
TEST(Identities, each_partition_that_lacks_a_column_gets_its_own_statement) {
  TablePlan table = orders(ReplicaIdentity::full, {"id"});
  table.info.kind = 'p';
  for (const auto& [name, columns] :
       {std::pair{"orders_1", KeyColumns{"id"}}, std::pair{"orders_2", KeyColumns{"id", "user_id"}},
        std::pair{"orders 3", KeyColumns{"id"}}}) {
    TableInfo leaf = orders(ReplicaIdentity::standard, columns).info;
    leaf.table.name = name;
    leaf.identity_candidates.push_back({std::string(name) + "_owner", {"user_id", "id"}});
    table.info.leaves.push_back(leaf);
  }
  Plan plan = plan_with(table);
  plan.tables[0].links.push_back(child_link({0}));
  const auto findings = check_identities(plan);
  ASSERT_EQ(findings.warnings.size(), 1u);
  EXPECT_THAT(
      findings.warnings[0],
      HasSubstr("ALTER TABLE \"public\".\"orders_1\" REPLICA IDENTITY USING INDEX \"orders_1_owner\"; ALTER TABLE "
                "\"public\".\"orders 3\" REPLICA IDENTITY USING INDEX \"orders 3_owner\";"));
  EXPECT_EQ(findings.warnings[0].find("orders_2"), std::string::npos);
}

TEST(Identities, a_partition_without_identity_is_named) {
  TablePlan table = orders(ReplicaIdentity::standard, {});
  table.info.kind = 'p';
  table.info.leaves = {orders(ReplicaIdentity::standard, {"id"}).info, orders(ReplicaIdentity::nothing, {}).info};
  table.info.leaves[1].table.name = "orders_2";
  const auto findings = check_identities(plan_with(table));
  ASSERT_EQ(findings.errors.size(), 1u);
  EXPECT_EQ(findings.errors[0].code, "pg.no_identity");
  EXPECT_THAT(findings.errors[0].what, HasSubstr("ALTER TABLE \"public\".\"orders_2\" REPLICA IDENTITY DEFAULT;"));
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

const std::vector<TableId> kOrders{TableId{0}};

TEST(RelationMap, columns_are_found_by_name_wherever_they_stand) {
  const Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  RelationMap map(plan);
  EXPECT_THAT(map.learn(relation({{"note", false}, {"id", true}, {"user_id", false}}), kOrders), IsEmpty());
  EXPECT_THAT(map.find(5).at(0).positions, ElementsAre(2, 1));
  EXPECT_THAT(map.learn(relation({{"id", true}, {"user_id", true}}), kOrders), IsEmpty());
  EXPECT_THAT(map.find(5).at(0).positions, ElementsAre(1, 0));
}

TEST(RelationMap, a_key_tuple_leaves_other_columns_missing_rather_than_null) {
  const Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  RelationMap map(plan);
  map.learn(relation({{"id", true}, {"user_id", false}}), kOrders);
  const Tuple row{{FieldText::State::text, "7"}, {FieldText::State::null, {}}};
  std::vector<FieldText> fields;
  ASSERT_TRUE(RelationMap::project(map.find(5).at(0), row, true, fields));
  EXPECT_EQ(fields[0].state, FieldText::State::missing);
  EXPECT_EQ(fields[1].text, "7");
  ASSERT_TRUE(RelationMap::project(map.find(5).at(0), row, false, fields));
  EXPECT_EQ(fields[0].state, FieldText::State::null);
}

TEST(RelationMap, booleans_are_written_as_in_keys) {
  TablePlan table = orders(ReplicaIdentity::standard, {"id"});
  table.info.columns[1].base_type = "bool";
  const Plan plan = plan_with(std::move(table));
  RelationMap map(plan);
  map.learn(relation({{"id", true}, {"user_id", false}}), kOrders);
  std::vector<FieldText> fields;
  for (const auto& [sent, written] : {std::pair{"t", "true"}, std::pair{"f", "false"}}) {
    const Tuple row{{FieldText::State::text, "t"}, {FieldText::State::text, sent}};
    ASSERT_TRUE(RelationMap::project(map.find(5).at(0), row, false, fields));
    EXPECT_EQ(fields[0].text, written);
    EXPECT_EQ(fields[1].text, "t") << "another type's text is its own";
  }
}

TEST(RelationMap, a_planned_column_that_is_gone_is_a_gap_and_missing_in_rows) {
  const Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  RelationMap map(plan);
  EXPECT_THAT(map.learn(relation({{"id", true}, {"note", false}}), kOrders),
              ElementsAre(TableGap{TableId{0}, GapReason::definition_changed, {}}));
  std::vector<FieldText> fields;
  ASSERT_TRUE(RelationMap::project(map.find(5).at(0), Tuple(2, {FieldText::State::text, "7"}), false, fields));
  EXPECT_EQ(fields[0].state, FieldText::State::missing);
  EXPECT_EQ(fields[1].text, "7");
}

TEST(RelationMap, a_planned_column_of_another_type_is_a_gap) {
  TablePlan table = orders(ReplicaIdentity::standard, {"id"});
  table.info.columns[1].type_oid = 20;
  const Plan plan = plan_with(std::move(table));
  RelationMap map(plan);
  PgOutputMessage message = relation({{"id", true}, {"user_id", false}});
  message.columns[1].type = 20;
  EXPECT_THAT(map.learn(message, kOrders), IsEmpty());
  message.columns[1].type = 23;
  EXPECT_THAT(map.learn(message, kOrders), ElementsAre(TableGap{TableId{0}, GapReason::definition_changed, {}}));
}

TEST(RelationMap, an_identity_that_carries_less_than_promised_is_a_gap_and_a_wider_one_is_none) {
  const Plan plan = plan_with(orders(ReplicaIdentity::index, {"user_id", "id"}));
  RelationMap map(plan);
  EXPECT_THAT(map.learn(relation({{"id", true}, {"user_id", true}, {"note", true}}), kOrders), IsEmpty());
  EXPECT_THAT(map.learn(relation({{"id", true}, {"user_id", false}}), kOrders),
              ElementsAre(TableGap{TableId{0}, GapReason::identity_narrowed, {}}));
}

// Its leaf may have another identity: the row that is marked as whole then has NULLs that mean nothing.
TEST(RelationMap, a_partitioned_table_published_as_one_is_trusted_only_in_what_every_leaf_carries) {
  TablePlan table = orders(ReplicaIdentity::full, {"id"});
  table.info.kind = 'p';
  table.info.oid = 5;
  const Plan plan = plan_with(std::move(table));
  RelationMap map(plan);
  EXPECT_THAT(map.learn(relation({{"id", true}, {"user_id", true}}), kOrders), IsEmpty());
  ASSERT_TRUE(map.find(5).at(0).root_for_leaves);
  std::vector<FieldText> fields;
  const Tuple row{{FieldText::State::text, "7"}, {FieldText::State::null, {}}};
  ASSERT_TRUE(RelationMap::project(map.find(5).at(0), row, true, fields));
  EXPECT_EQ(fields[0].state, FieldText::State::missing);
}

TEST(RelationMap, a_table_outside_the_plan_is_known_but_not_found) {
  const Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  RelationMap map(plan);
  EXPECT_THAT(map.learn(relation({{"id", true}}), {}), IsEmpty());
  EXPECT_TRUE(map.known(5));
  EXPECT_THAT(map.find(5), IsEmpty());
}

TEST(RelationMap, a_row_of_another_width_is_an_error) {
  const Plan plan = plan_with(orders(ReplicaIdentity::standard, {"id"}));
  RelationMap map(plan);
  map.learn(relation({{"id", true}, {"user_id", false}}), kOrders);
  std::vector<FieldText> fields;
  EXPECT_FALSE(RelationMap::project(map.find(5).at(0), Tuple(3), false, fields));
}

}  // namespace
}  // namespace flusso::pg
