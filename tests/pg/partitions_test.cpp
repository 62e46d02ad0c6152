// Partitioned tables against a real server: their catalog, what their rows look like in the stream, and which partition
// belongs to which table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/pg/preflight.h"
#include "io/pg/publication.h"
#include "tests/pg/capture_fixture.h"

namespace flusso::pg {
namespace {

using test::CaptureTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Two levels, a leaf in another schema, one with its columns in another order and a dropped one.
constexpr const char* kPartitionedTables =
    "CREATE SCHEMA \"o ld\"; CREATE TABLE t (id int, owner int NOT NULL, at int NOT NULL, PRIMARY KEY (id, at)) "
    "PARTITION "
    "BY RANGE (at); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); "
    "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20) PARTITION BY LIST (id); "
    "CREATE TABLE \"o ld\".\"t 2\"\"a\" PARTITION OF t2 FOR VALUES IN (2); CREATE TABLE t2b PARTITION OF t2 DEFAULT; "
    "CREATE TABLE t3 (gone text, at int NOT NULL, id int NOT NULL, owner int NOT NULL, PRIMARY KEY (id, at)); ALTER "
    "TABLE "
    "t3 DROP gone; ALTER TABLE t ATTACH PARTITION t3 FOR VALUES FROM (20) TO (30);";

class Partitions : public CaptureTest {
 protected:
  void SetUp() override {
    CaptureTest::SetUp();
    if (!HasFatalFailure()) database.run(kPartitionedTables);
  }
  void add(const std::string& table) { plan.tables.push_back(test::table_plan(database, table, {"owner", "id"})); }
  TableInfo described(const std::string& table) {
    auto infos = make_source_admin(database.options())->describe({{"public", table}});
    EXPECT_TRUE(infos) << infos.error().what;
    return infos ? infos->front() : TableInfo{};
  }
  void publish(const std::string& what) {
    database.run("CREATE PUBLICATION " + quote_identifier(database.publication()) + " " + what);
  }
};

TEST_F(Partitions, leaves_are_found_however_deep_and_wherever_they_are) {
  const TableInfo info = described("t");
  std::vector<std::string> names;
  for (const TableInfo& leaf : info.leaves) names.push_back(to_text(leaf.table));
  EXPECT_THAT(names, UnorderedElementsAre("public.t1", "o ld.t 2\"a", "public.t2b", "public.t3"));
  EXPECT_EQ(info.kind, 'p');
  EXPECT_THAT(info.identity_columns, ElementsAre("id", "at"));
  EXPECT_THAT(described("t2").leaves.size(), 2u);
  EXPECT_THAT(described("t1").leaves, IsEmpty());
}

TEST_F(Partitions, the_identity_is_what_every_leaf_carries) {
  for (const char* leaf : {"t1", "\"o ld\".\"t 2\"\"a\"", "t2b", "t3"}) {
    database.run(std::string("ALTER TABLE ") + leaf + " REPLICA IDENTITY FULL");
  }
  EXPECT_THAT(described("t").identity_columns, UnorderedElementsAre("id", "owner", "at"));
  database.run(
      "CREATE UNIQUE INDEX i3 ON t3 (owner, id, at); ALTER TABLE t3 REPLICA IDENTITY USING INDEX i3; CREATE UNIQUE "
      "INDEX "
      "i1 ON t1 (owner, id); ALTER TABLE t1 REPLICA IDENTITY USING INDEX i1");
  EXPECT_THAT(described("t").identity_columns, UnorderedElementsAre("id", "owner"));
  database.run("ALTER TABLE t2b REPLICA IDENTITY NOTHING");
  EXPECT_THAT(described("t").identity_columns, IsEmpty());
}

TEST_F(Partitions, rows_of_every_leaf_are_rows_of_the_table_and_a_move_is_a_delete_and_an_insert) {
  add("t");
  prepare_and_open();
  database.run("INSERT INTO t VALUES (1, 7, 5), (2, 1, 15), (3, 8, 15), (4, 9, 25)");
  database.run("UPDATE t SET at = 26 WHERE id = 2");
  database.run("UPDATE t SET owner = 70 WHERE id = 1");
  database.run("DELETE FROM t WHERE id = 4");
  EXPECT_THAT(read_commits(4),
              ElementsAre("insert 0 - (7,1)", "insert 0 - (1,2)", "insert 0 - (8,3)", "insert 0 - (9,4)",
                          "delete 0 (missing,2) -", "insert 0 - (1,2)", "update 0 - (70,1)", "delete 0 (missing,4) -"));
}

TEST_F(Partitions, a_truncate_of_one_leaf_is_a_gap_of_the_table) {
  add("t");
  prepare_and_open();
  database.run("TRUNCATE t1");
  database.run("TRUNCATE t");
  EXPECT_THAT(read_commits(2), ElementsAre("truncate 0", "truncate 0"));
}

TEST_F(Partitions, a_partition_made_or_attached_later_is_followed_from_its_first_row) {
  add("t");
  prepare_and_open();
  database.run(
      "CREATE TABLE t4 PARTITION OF t FOR VALUES FROM (30) TO (40); INSERT INTO t VALUES (5, 1, 35); CREATE TABLE \"o "
      "ld\".t5 (owner int NOT NULL, at int NOT NULL, id int NOT NULL, PRIMARY KEY (id, at)); ALTER TABLE t ATTACH "
      "PARTITION "
      "\"o ld\".t5 FOR VALUES FROM (40) TO (50); INSERT INTO \"o ld\".t5 VALUES (3, 45, 6)");
  EXPECT_THAT(read_commits(1), ElementsAre("insert 0 - (1,5)", "insert 0 - (3,6)"));
}

// It was announced before as none of ours; attaching it announces it again.
TEST_F(Partitions, a_table_of_the_same_publication_that_is_attached_later_is_followed) {
  publish("FOR ALL TABLES");
  database.run("CREATE TABLE t6 (LIKE t INCLUDING ALL)");
  add("t");
  prepare_and_open();
  database.run("INSERT INTO t6 VALUES (1, 1, 55)");
  EXPECT_THAT(read_commits(1), IsEmpty());
  database.run("ALTER TABLE t ATTACH PARTITION t6 FOR VALUES FROM (50) TO (60)");
  database.run("INSERT INTO t6 VALUES (2, 1, 55)");
  std::vector<std::string> seen;
  while (seen.empty() && !HasFailure()) seen = read_commits(1);
  EXPECT_THAT(seen, ElementsAre("insert 0 - (1,2)"));
}

TEST_F(Partitions, a_later_partition_with_a_narrower_identity_is_a_gap) {
  for (const char* leaf : {"t1", "\"o ld\".\"t 2\"\"a\"", "t2b", "t3"})
    database.run(std::string("ALTER TABLE ") + leaf + " REPLICA IDENTITY FULL");
  add("t");
  prepare_and_open();
  database.run("CREATE TABLE t4 PARTITION OF t FOR VALUES FROM (30) TO (40)");
  database.run("INSERT INTO t VALUES (5, 1, 35), (6, 1, 5)");
  EXPECT_THAT(read_commits(1), ElementsAre("narrowed 0", "insert 0 - (1,5)", "insert 0 - (1,6)"));
}

TEST_F(Partitions, a_partition_that_is_planned_for_itself_is_both) {
  add("t");
  add("t2");
  add("t2b");
  prepare_and_open();
  database.run("INSERT INTO t VALUES (1, 7, 15), (2, 1, 15), (3, 1, 5)");
  EXPECT_THAT(read_commits(1), ElementsAre("insert 0 - (7,1)", "insert 1 - (7,1)", "insert 2 - (7,1)",
                                           "insert 0 - (1,2)", "insert 1 - (1,2)", "insert 0 - (1,3)"));
}

// What pgoutput sends then was tried: the whole old row, with the columns outside the leaf's identity as NULL.
TEST_F(Partitions, published_as_one_table_an_old_row_counts_only_where_root_and_leaves_agree) {
  database.run("ALTER TABLE t REPLICA IDENTITY FULL");
  publish("FOR TABLE t WITH (publish_via_partition_root)");
  const TableInfo info = described("t");
  EXPECT_THAT(info.identity_columns, ElementsAre("id", "at"));
  plan.tables.push_back(TablePlan{info, {"owner", "id"}, {}, {}, {}});
  prepare_and_open();
  database.run("INSERT INTO t VALUES (1, 7, 5)");
  database.run("DELETE FROM t");
  EXPECT_THAT(read_commits(2), ElementsAre("insert 0 - (7,1)", "delete 0 (missing,1) -"));
}

TEST_F(Partitions, published_as_one_table_the_roots_own_identity_counts_too) {
  for (const char* leaf : {"t1", "\"o ld\".\"t 2\"\"a\"", "t2b", "t3"})
    database.run(std::string("ALTER TABLE ") + leaf + " REPLICA IDENTITY FULL");
  publish("FOR TABLE t WITH (publish_via_partition_root)");
  EXPECT_THAT(described("t").identity_columns, UnorderedElementsAre("id", "at"));
}

TEST_F(Partitions, published_as_one_table_a_truncate_of_a_leaf_is_invisible_and_that_is_said) {
  publish("FOR TABLE t WITH (publish_via_partition_root)");
  add("t");
  auto state = inspect_publication(database.conn(), database.publication(), plan);
  ASSERT_TRUE(state) << state.error().what;
  EXPECT_THAT(state->missing, IsEmpty());
  EXPECT_THAT(state->findings, IsEmpty());
  EXPECT_THAT(state->warnings, ElementsAre(HasSubstr("a TRUNCATE of one partition of table public.t")));
  add("t2");
  state = inspect_publication(database.conn(), database.publication(), plan);
  ASSERT_TRUE(state) << state.error().what;
  ASSERT_EQ(state->findings.size(), 1u);
  EXPECT_EQ(state->findings[0].code, "pg.publication_root");
  EXPECT_THAT(state->findings[0].what, HasSubstr("public.t2"));
}

// All of today's leaves are members, but a partition to come would not be.
TEST_F(Partitions, leaves_that_are_published_one_by_one_do_not_cover_their_table) {
  publish("FOR TABLE t1, \"o ld\".\"t 2\"\"a\", t2b, t3");
  add("t");
  add("t1");
  const auto state = inspect_publication(database.conn(), database.publication(), plan);
  ASSERT_TRUE(state) << state.error().what;
  EXPECT_THAT(state->missing, ElementsAre(TableRef{"public", "t"}));
}

TEST_F(Partitions, a_partition_is_covered_by_its_table_its_schema_or_everything) {
  for (const char* what : {"FOR TABLE t", "FOR TABLES IN SCHEMA public", "FOR ALL TABLES"}) {
    publish(what);
    plan.tables.clear();
    add("t2b");
    add("t");
    const auto state = inspect_publication(database.conn(), database.publication(), plan);
    ASSERT_TRUE(state) << state.error().what;
    EXPECT_THAT(state->missing, IsEmpty()) << what;
    database.run("DROP PUBLICATION " + quote_identifier(database.publication()));
  }
}

// A new table under the planned name: the plan reads the new one, its rows come from the new one.
TEST_F(Partitions, a_table_that_was_replaced_by_another_is_a_gap) {
  database.run("CREATE TABLE plain (id int PRIMARY KEY, owner int)");
  publish("FOR ALL TABLES");
  add("plain");
  prepare_and_open();
  database.run("DROP TABLE plain; CREATE TABLE plain (id int PRIMARY KEY, owner int); INSERT INTO plain VALUES (1, 2)");
  EXPECT_THAT(read_commits(1), ElementsAre("changed 0"));
}

}  // namespace
}  // namespace flusso::pg
