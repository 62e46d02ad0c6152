// The catalog watch against a real server: which statements make an index lack something, and which do not. The
// comparison itself is tested without a server; here it is what Postgres writes where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/pg_database.h"

namespace flusso::pg {
namespace {

using test::TestDatabase;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kWatchedTables =
    "CREATE TABLE t (id int PRIMARY KEY, owner int NOT NULL, v numeric NOT NULL, note text); CREATE UNIQUE INDEX ti ON "
    "t "
    "(owner, id); ALTER TABLE t REPLICA IDENTITY USING INDEX ti; INSERT INTO t VALUES (1, 1, 1, 'x'); "
    "CREATE TABLE p (id int, at int, v int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at); "
    "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); "
    "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id); "
    "CREATE TABLE p2a PARTITION OF p2 DEFAULT; INSERT INTO p VALUES (1, 1, 1), (2, 11, 1)";

class CatalogWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(database.ready());
    database.run(kWatchedTables);
    database.run("CREATE PUBLICATION " + publication + " FOR TABLE t, p");
    watch = make_source_admin(database.options())->catalog_watch();
    ASSERT_NE(watch, nullptr);
    add("t", {"owner", "id"});
    add("p", {"id"});
    before = look();
  }
  void add(const std::string& name, std::vector<std::string> columns) {
    IndexPlan index;
    index.name = name;
    index.schema.table = {"public", name};
    index.schema.primary_key = {"id"};
    Field field;
    field.name = "v";
    ColumnField column;
    column.column = "v";
    field.source = column;
    index.schema.fields.push_back(field);
    TablePlan table = test::table_plan(database, name, std::move(columns));
    Link link;
    link.index = IndexId{static_cast<std::uint16_t>(plan.indexes.size())};
    for (std::uint16_t i = 0; i < table.columns.size(); ++i) link.columns.push_back(i);
    table.links.push_back(link);
    plan.indexes.push_back(std::move(index));
    plan.tables.push_back(std::move(table));
  }
  CatalogState look() {
    auto state = watch->look({{"public", "p"}, {"public", "t"}});
    EXPECT_TRUE(state) << state.error().what;
    return state ? *state : CatalogState{};
  }
  // Why index `number` must be built anew after the statements; "" when nothing of it concerns the index.
  std::string debt(const std::string& sql, std::size_t number = 0) {
    database.run(sql);
    const CatalogState now = look();
    const std::string why = debt_of(plan.indexes[number], plan, before, now).value_or("");
    EXPECT_EQ(debt_of(plan.indexes[1 - number], plan, before, now).value_or(""), "") << sql;
    before = now;
    return why;
  }

  TestDatabase database;
  const std::string publication = quote_identifier(database.publication());
  Plan plan;
  std::unique_ptr<CatalogWatch> watch;
  CatalogState before;
};

TEST_F(CatalogWatchTest, two_looks_without_ddl_are_the_same) {
  database.run("UPDATE t SET v = 2; INSERT INTO p VALUES (3, 3, 3); ANALYZE");
  database.run("VACUUM t");
  EXPECT_EQ(look(), before);
}

TEST_F(CatalogWatchTest, statements_that_leave_documents_alone_are_no_debt) {
  for (const char* sql :
       {"ALTER TABLE t ADD COLUMN extra int DEFAULT 5", "ALTER TABLE t ALTER v SET DEFAULT 1",
        "ALTER TABLE t ALTER v DROP NOT NULL", "ALTER TABLE t ALTER v SET STATISTICS 10", "VACUUM FULL t",
        "CLUSTER t USING ti", "TRUNCATE t", "ALTER TABLE t DROP COLUMN note",
        "ALTER TABLE t RENAME COLUMN extra TO other", "CREATE INDEX ON t (v)", "ALTER TABLE t REPLICA IDENTITY FULL",
        "ALTER TABLE t REPLICA IDENTITY USING INDEX ti", "COMMENT ON TABLE t IS 'x'"})
    EXPECT_EQ(debt(sql), "") << sql;
}

TEST_F(CatalogWatchTest, values_that_change_without_row_events_are_a_debt) {
  EXPECT_THAT(debt("ALTER TABLE t ALTER v TYPE numeric USING v * 100"), HasSubstr("column v was rewritten"));
  EXPECT_THAT(debt("ALTER TABLE t ALTER v TYPE bigint"), HasSubstr("another type"));
  EXPECT_THAT(debt("ALTER TABLE t DROP v; ALTER TABLE t ADD v bigint"), HasSubstr("another one"));
  EXPECT_THAT(debt("ALTER TABLE t RENAME v TO w"), HasSubstr("column v is gone"));
}

TEST_F(CatalogWatchTest, what_hides_changes_is_a_debt) {
  EXPECT_THAT(debt("ALTER TABLE t REPLICA IDENTITY DEFAULT"), HasSubstr("owner"));
  EXPECT_THAT(
      debt("ALTER PUBLICATION " + publication + " DROP TABLE t; ALTER PUBLICATION " + publication + " ADD TABLE t"),
      HasSubstr("taken out of the publication"));
  EXPECT_THAT(debt("BEGIN; DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, owner int, v numeric); COMMIT"),
              HasSubstr("another table"));
  EXPECT_THAT(debt("DROP TABLE t"), HasSubstr("gone"));
}

TEST_F(CatalogWatchTest, an_altered_or_new_publication_is_a_debt_of_every_index) {
  for (const std::string& sql :
       {"ALTER PUBLICATION " + publication + " SET (publish = 'insert'); ALTER PUBLICATION " + publication +
            " SET (publish = 'insert, update, delete, truncate')",
        "DROP PUBLICATION " + publication + "; CREATE PUBLICATION " + publication + " FOR TABLE t, p"}) {
    database.run(sql);
    const CatalogState now = look();
    for (const IndexPlan& index : plan.indexes) EXPECT_TRUE(debt_of(index, plan, before, now)) << sql;
    before = now;
  }
}

TEST_F(CatalogWatchTest, partitions_that_were_made_as_such_are_no_debt) {
  for (const char* sql :
       {"CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)", "CREATE TABLE p4 PARTITION OF p DEFAULT",
        "CREATE TABLE p2b PARTITION OF p2 FOR VALUES FROM (0) TO (1)",
        "BEGIN; INSERT INTO p VALUES (9, 9, 9); CREATE TABLE p5 PARTITION OF p (CHECK (v > 0)) FOR VALUES FROM (30) TO "
        "(40) PARTITION BY RANGE (id); CREATE TABLE p5a PARTITION OF p5 DEFAULT; COMMIT"})
    EXPECT_EQ(debt(sql, 1), "") << sql;
}

TEST_F(CatalogWatchTest, partitions_that_may_come_or_go_with_rows_are_a_debt) {
  const std::string old = "CREATE TABLE q (id int NOT NULL, at int NOT NULL, v int, PRIMARY KEY (id, at)); ";
  const std::string attach = "ALTER TABLE p ATTACH PARTITION q FOR VALUES FROM (20) TO (30)";
  EXPECT_THAT(debt("BEGIN; " + old + "INSERT INTO q VALUES (1, 25, 1); " + attach + "; COMMIT", 1),
              HasSubstr("attached"));
  EXPECT_THAT(debt("ALTER TABLE p DETACH PARTITION q; UPDATE q SET v = 7; " + attach, 1), HasSubstr("attached again"));
  EXPECT_THAT(debt("ALTER TABLE p DETACH PARTITION q", 1), HasSubstr("detached or dropped"));
  EXPECT_THAT(
      debt("ALTER TABLE p DETACH PARTITION p2; ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)", 1),
      HasSubstr("attached again"));
  EXPECT_THAT(debt("DROP TABLE p1", 1), HasSubstr("detached or dropped"));
}

TEST_F(CatalogWatchTest, a_rewrite_of_the_leaves_is_seen) {
  EXPECT_THAT(debt("ALTER TABLE p ALTER v TYPE int USING v * 2", 1), HasSubstr("column v was rewritten"));
}

// It must not stand behind the statement that it watches for.
TEST_F(CatalogWatchTest, a_look_waits_for_no_lock_on_a_table) {
  auto blocker = test::open_url(database.url());
  ASSERT_TRUE(blocker);
  test::run(*blocker, "BEGIN; LOCK TABLE t, p1 IN ACCESS EXCLUSIVE MODE");
  EXPECT_EQ(look(), before);
  test::run(*blocker, "ROLLBACK");
}

}  // namespace
}  // namespace flusso::pg
