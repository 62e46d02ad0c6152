// Streamed transactions of a server of the test's own: ids that are chosen, and transactions that are prepared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pg/stream_fixture.h"
#include "tests/support/pg_cluster.h"

namespace flusso::pg {
namespace {

using test::kPatience;
using ::testing::ElementsAre;

// Inside of a block the four bytes behind a row's tag are a transaction id. One that equals the oid of a table outside
// of the plan must not pass for a row of that table.
TEST(StreamedIds, a_transaction_id_is_not_taken_for_the_oid_of_a_foreign_table) {
  test::PrivateCluster cluster("wal_level=logical\nlogical_decoding_work_mem=64kB\nautovacuum=off\n");
  ASSERT_TRUE(cluster.ready());
  test::TestDatabase database(cluster.url());
  ASSERT_TRUE(database.ready());
  database.run("CREATE TABLE t (id int PRIMARY KEY, pad text); CREATE TABLE other (id int PRIMARY KEY)");
  database.run("CREATE PUBLICATION " + quote_identifier(database.publication()) + " FOR ALL TABLES");
  Plan plan;
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  const auto capture = test::begin_capture(database, plan);
  ASSERT_TRUE(capture);
  const auto oid = database.run("SELECT 'other'::regclass::oid::bigint").integer(0, 0);
  database.run("INSERT INTO other VALUES (1)");
  const auto left = oid - database.run("SELECT pg_current_xact_id()").integer(0, 0) - 1;
  ASSERT_GT(left, 0);
  database.run(
      fmt::format("DO $$ BEGIN FOR i IN 1..{} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$", left));
  auto writer = test::open_url(database.url());
  ASSERT_TRUE(writer);
  test::run(*writer, "BEGIN; INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 3000) i");
  ASSERT_EQ(test::run(*writer, "SELECT pg_current_xact_id()").integer(0, 0), oid);
  test::run(*writer, "COMMIT");
  int rows = 0;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (bool committed = false; !committed && std::chrono::steady_clock::now() < deadline;) {
    capture->readable();  // drops rows of foreign tables that are at the front
    const auto event = capture->next(Millis(0));
    ASSERT_TRUE(event) << event.error().what;
    if (std::holds_alternative<RowEvent>(*event)) ++rows;
    committed = rows > 0 && std::holds_alternative<CaptureCommit>(*event);
  }
  EXPECT_EQ(rows, 3000);
  capture->finish();
}

TEST(StreamedPrepared, a_prepared_transaction_arrives_when_it_is_committed_and_never_when_it_is_rolled_back) {
  test::PrivateCluster cluster("wal_level=logical\nmax_prepared_transactions=4\nlogical_decoding_work_mem=64kB\n");
  ASSERT_TRUE(cluster.ready());
  test::TestDatabase database(cluster.url());
  ASSERT_TRUE(database.ready());
  database.run("CREATE TABLE t (id int PRIMARY KEY, pad text)");
  Plan plan;
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  const auto capture = test::begin_capture(database, plan);
  ASSERT_TRUE(capture);
  const auto prepare = [&](const std::string& gid, int from, int to) {
    database.run(
        fmt::format("BEGIN; INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series({}, {}) i; "
                    "PREPARE TRANSACTION '{}'",
                    from, to, gid));
  };
  const auto ids_up_to = [&](const std::string& last) {
    std::vector<std::string> ids;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto event = capture->next(Millis(200));
      EXPECT_TRUE(event) << event.error().what;
      if (!event) break;
      if (const auto* row = std::get_if<RowEvent>(&*event)) ids.emplace_back(row->new_fields->at(0).text);
      if (!ids.empty() && ids.back() == last && std::holds_alternative<CaptureCommit>(*event)) break;
    }
    return ids;
  };
  prepare("large", 1, 5000);
  prepare("small", 10001, 10003);
  prepare("lost", 20001, 25000);
  database.run("INSERT INTO t VALUES (90001, '')");
  EXPECT_THAT(ids_up_to("90001"), ElementsAre("90001"));
  database.run("COMMIT PREPARED 'small'");
  EXPECT_THAT(ids_up_to("10003"), ElementsAre("10001", "10002", "10003"));
  database.run("ROLLBACK PREPARED 'lost'");
  database.run("COMMIT PREPARED 'large'");
  const auto large = ids_up_to("5000");
  EXPECT_EQ(large.size(), 5000u);
  EXPECT_EQ(large.front(), "1");
  database.run("INSERT INTO t VALUES (90002, '')");
  EXPECT_THAT(ids_up_to("90002"), ElementsAre("90002"));
  EXPECT_GT(database.run("SELECT sum(stream_count) FROM pg_stat_replication_slots").integer(0, 0), 2);
  capture->finish();
}

}  // namespace
}  // namespace flusso::pg
