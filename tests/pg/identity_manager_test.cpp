// manage_replica_identity against a real server: what is set, what is left alone, partition by partition.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/pg/identity_manager.h"
#include "tests/support/pg_database.h"

namespace flusso::pg {
namespace {

using test::TestDatabase;

class IdentityManager : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(database.ready()); }
  // Widens the identity of a child table whose rows name their parent by `owner`.
  bool widen(const std::string& table) {
    Plan plan;
    plan.tables.push_back(test::table_plan(database, table, {"owner"}));
    Link link;
    link.columns = {0};
    plan.tables[0].links.push_back(link);
    auto changed = widen_identities(database.conn(), plan, {});
    EXPECT_TRUE(changed) << changed.error().what;
    return changed && *changed;
  }
  std::string identity(const std::string& table) {
    return database
        .run(
            "SELECT c.relreplident::text || coalesce(' ' || i.relname, '') FROM pg_class c LEFT JOIN pg_index x ON "
            "x.indrelid = "
            "c.oid AND x.indisreplident LEFT JOIN pg_class i ON i.oid = x.indexrelid WHERE c.oid = '" +
            table + "'::regclass")
        .string(0, 0);
  }

  TestDatabase database;
};

TEST_F(IdentityManager, the_narrowest_index_that_fits_is_used) {
  database.run(
      "CREATE TABLE t (id int PRIMARY KEY, owner int NOT NULL, big text NOT NULL, n int); CREATE UNIQUE INDEX wide ON "
      "t "
      "(owner, id, big); CREATE UNIQUE INDEX narrow ON t (id, owner); CREATE UNIQUE INDEX partial ON t (owner) WHERE n "
      "> 1; "
      "CREATE UNIQUE INDEX nullable ON t (owner, n)");
  EXPECT_TRUE(widen("t"));
  EXPECT_EQ(identity("t"), "i narrow");
  EXPECT_FALSE(widen("t"));
}

TEST_F(IdentityManager, a_table_without_large_columns_gets_the_full_row_and_any_other_is_left_alone) {
  database.run(
      "CREATE TABLE small (id int PRIMARY KEY, owner int, at timestamptz); CREATE TABLE large (id int PRIMARY KEY, "
      "owner "
      "int, note text); CREATE UNIQUE INDEX deferred ON large (owner, id)");
  EXPECT_TRUE(widen("small"));
  EXPECT_EQ(identity("small"), "f");
  EXPECT_FALSE(widen("large"));
  EXPECT_EQ(identity("large"), "d");
}

TEST_F(IdentityManager, each_partition_gets_its_own) {
  database.run(
      "CREATE TABLE p (id int NOT NULL, owner int NOT NULL, note text, PRIMARY KEY (id, owner)) PARTITION BY RANGE "
      "(id); "
      "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) "
      "TO "
      "(20); ALTER TABLE p2 REPLICA IDENTITY NOTHING");
  EXPECT_TRUE(widen("p"));
  EXPECT_EQ(identity("p1"), "d") << "its primary key carries the column already";
  EXPECT_EQ(identity("p2"), "i p2_pkey");
}

TEST_F(IdentityManager, a_busy_table_is_left_alone_after_a_few_seconds) {
  database.run("CREATE TABLE t (id int PRIMARY KEY, owner int)");
  auto blocker = test::open_url(database.url());
  ASSERT_TRUE(blocker);
  test::run(*blocker, "BEGIN; INSERT INTO t VALUES (1, 1)");
  EXPECT_FALSE(widen("t"));
  EXPECT_EQ(identity("t"), "d");
  test::run(*blocker, "COMMIT");
  EXPECT_TRUE(widen("t"));
}

}  // namespace
}  // namespace flusso::pg
