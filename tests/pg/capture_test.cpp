// The capture against a real server: what rows look like, what is confirmed and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pg/capture_fixture.h"

namespace flusso::pg {
namespace {

using test::CaptureTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Capture : public CaptureTest {};

TEST_F(Capture, rows_carry_the_planned_columns_and_the_old_key_when_it_changes) {
  database.run("CREATE TABLE t (id int PRIMARY KEY, owner int, note text)");
  plan.tables.push_back(test::table_plan(database, "t", {"owner", "id"}));
  prepare_and_open();
  database.run("INSERT INTO t VALUES (1, 10, 'a')");
  database.run("UPDATE t SET owner = NULL WHERE id = 1");
  database.run("UPDATE t SET id = 2 WHERE id = 1");
  database.run("DELETE FROM t WHERE id = 2");
  EXPECT_THAT(read_commits(4), ElementsAre("insert 0 - (10,1)", "update 0 - (null,1)", "update 0 (missing,1) (null,2)",
                                           "delete 0 (missing,2) -"));
}

TEST_F(Capture, a_full_identity_carries_the_whole_old_row) {
  database.run("CREATE TABLE t (id int PRIMARY KEY, owner int, note text); ALTER TABLE t REPLICA IDENTITY FULL");
  plan.tables.push_back(test::table_plan(database, "t", {"owner", "id"}));
  prepare_and_open();
  database.run("INSERT INTO t VALUES (1, 10, 'a')");
  database.run("UPDATE t SET owner = 11");
  database.run("DELETE FROM t");
  EXPECT_THAT(read_commits(3), ElementsAre("insert 0 - (10,1)", "update 0 (10,1) (11,1)", "delete 0 (11,1) -"));
}

TEST_F(Capture, an_identity_by_index_carries_the_foreign_key) {
  database.run(
      "CREATE TABLE t (id int PRIMARY KEY, owner int NOT NULL, note text); CREATE UNIQUE INDEX ti ON t (owner, id); "
      "ALTER TABLE t REPLICA IDENTITY USING INDEX ti");
  plan.tables.push_back(test::table_plan(database, "t", {"owner", "id", "note"}));
  prepare_and_open();
  database.run("INSERT INTO t VALUES (1, 10, 'a')");
  database.run("UPDATE t SET owner = 11");
  database.run("DELETE FROM t");
  EXPECT_THAT(read_commits(3),
              ElementsAre("insert 0 - (10,1,a)", "update 0 (10,1,missing) (11,1,a)", "delete 0 (11,1,missing) -"));
}

TEST_F(Capture, a_large_value_that_did_not_change_is_told_from_null) {
  database.run("CREATE TABLE t (id int PRIMARY KEY, big text, n int); ALTER TABLE t ALTER big SET STORAGE EXTERNAL");
  plan.tables.push_back(test::table_plan(database, "t", {"id", "big"}));
  prepare_and_open();
  database.run("INSERT INTO t VALUES (1, repeat('x', 10000), 1)");
  database.run("UPDATE t SET n = 2");
  const auto seen = read_commits(2);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].size(), std::string("insert 0 - (1,)").size() + 10000);
  EXPECT_EQ(seen[1], "update 0 - (1,unchanged)");
}

TEST_F(Capture, values_are_written_alike_whatever_the_database_prefers) {
  database.run("ALTER DATABASE " + database.name() + " SET DateStyle = 'German'; ALTER DATABASE " + database.name() +
               " SET bytea_output = 'escape'; ALTER DATABASE " + database.name() +
               " SET TimeZone = 'Asia/Tokyo'; ALTER DATABASE " + database.name() +
               " SET IntervalStyle = 'sql_standard'; ALTER DATABASE " + database.name() +
               " SET extra_float_digits = -5");
  database.run("CREATE TABLE t (id int PRIMARY KEY, at timestamptz, b bytea, i interval, f float8)");
  plan.tables.push_back(test::table_plan(database, "t", {"at", "b", "i", "f"}));
  prepare_and_open();
  database.run("INSERT INTO t VALUES (1, '2024-01-02 03:04:05+00', '\\x00ff', '1 day 02:00', 0.1)");
  EXPECT_THAT(read_commits(1), ElementsAre("insert 0 - (2024-01-02 03:04:05+00,\\x00ff,1 day 02:00:00,0.1)"));
}

TEST_F(Capture, tables_outside_the_plan_and_odd_names_do_not_disturb) {
  database.run(
      "CREATE TABLE other (id int PRIMARY KEY); CREATE TABLE \"We ird\"\"Ta.ble\" (\"I d\" int PRIMARY KEY, "
      "\"na\"\"me\" text)");
  plan.tables.push_back(test::table_plan(database, "We ird\"Ta.ble", {"na\"me", "I d"}));
  prepare_and_open();
  database.run("ALTER PUBLICATION " + quote_identifier(database.publication()) + " ADD TABLE other");
  database.run(
      "BEGIN; INSERT INTO other SELECT generate_series(1, 500); INSERT INTO \"We ird\"\"Ta.ble\" VALUES (1, 'x'); "
      "DELETE FROM other; COMMIT");
  EXPECT_THAT(read_commits(1), ElementsAre("insert 0 - (x,1)"));
}

TEST_F(Capture, columns_are_followed_when_the_table_changes_in_mid_stream) {
  database.run("CREATE TABLE t (id int PRIMARY KEY, a text, owner int)");
  plan.tables.push_back(test::table_plan(database, "t", {"owner", "id"}));
  prepare_and_open();
  database.run("INSERT INTO t VALUES (1, 'a', 10)");
  database.run("ALTER TABLE t DROP COLUMN a");
  database.run("INSERT INTO t VALUES (2, 20)");
  EXPECT_THAT(read_commits(2), ElementsAre("insert 0 - (10,1)", "insert 0 - (20,2)"));
}

TEST_F(Capture, a_planned_column_that_is_dropped_or_retyped_is_a_gap) {
  database.run("CREATE TABLE t (id int PRIMARY KEY, owner int)");
  plan.tables.push_back(test::table_plan(database, "t", {"owner", "id"}));
  prepare_and_open();
  database.run("ALTER TABLE t ALTER owner TYPE bigint");
  database.run("INSERT INTO t VALUES (1, 5)");
  database.run("ALTER TABLE t DROP COLUMN owner");
  database.run("INSERT INTO t VALUES (2)");
  EXPECT_THAT(read_commits(2), ElementsAre("changed 0", "insert 0 - (5,1)", "changed 0", "insert 0 - (missing,2)"));
}

TEST_F(Capture, an_identity_that_gets_narrower_is_a_gap_before_the_first_row_and_a_wider_one_is_none) {
  database.run(
      "CREATE TABLE t (id int PRIMARY KEY, owner int NOT NULL); CREATE UNIQUE INDEX ti ON t (owner, id); "
      "ALTER TABLE t REPLICA IDENTITY USING INDEX ti; INSERT INTO t VALUES (1, 10)");
  plan.tables.push_back(test::table_plan(database, "t", {"owner", "id"}));
  prepare_and_open();
  database.run("ALTER TABLE t REPLICA IDENTITY FULL");
  database.run("UPDATE t SET owner = 11");
  database.run("ALTER TABLE t REPLICA IDENTITY DEFAULT");
  database.run("UPDATE t SET owner = 12");
  EXPECT_THAT(read_commits(2), ElementsAre("update 0 (10,1) (11,1)", "narrowed 0", "update 0 - (12,1)"));
}

TEST_F(Capture, a_truncate_is_reported) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare_and_open();
  database.run("TRUNCATE t");
  EXPECT_THAT(read_commits(1), ElementsAre("truncate 0"));
}

TEST_F(Capture, only_what_was_confirmed_is_not_delivered_again) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare_and_open();
  database.run("INSERT INTO t VALUES (1)");
  read_commits(1);
  const Lsn first = last_commit;
  database.run("BEGIN; INSERT INTO t VALUES (2); INSERT INTO t VALUES (3); COMMIT");
  EXPECT_EQ(read_commits(1).size(), 2u);
  capture->confirm(first);
  capture->finish();
  EXPECT_EQ(slot_flush(), first);

  open();
  EXPECT_EQ(started_at, first);
  EXPECT_THAT(read_commits(1), ElementsAre("insert 0 - (2)", "insert 0 - (3)"));
  capture->confirm(last_commit);
  capture->confirm(first);  // never backwards
  capture->finish();
  EXPECT_EQ(slot_flush(), last_commit);
}

TEST_F(Capture, a_stream_that_is_cut_off_delivers_everything_unconfirmed_again) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare_and_open();
  database.run("INSERT INTO t SELECT generate_series(1, 3)");
  EXPECT_EQ(read_commits(1).size(), 3u);
  capture.reset();
  open();
  EXPECT_EQ(read_commits(1).size(), 3u);
}

TEST_F(Capture, a_confirmation_is_reported_while_next_waits) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare();
  open_silent();
  database.run("INSERT INTO t VALUES (1)");
  read_commits(1);
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested() && capture->next(Millis(60000))) {
    }
  });
  capture->confirm(last_commit);
  EXPECT_TRUE(test::eventually([&] { return slot_flush() == last_commit; }));
  reader.request_stop();
  capture->wake();
}

TEST_F(Capture, a_confirmation_is_reported_while_intake_is_paused) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare();
  open_silent();
  database.run("INSERT INTO t VALUES (1)");
  read_commits(1);
  database.run("INSERT INTO t SELECT generate_series(2, 2000)");  // unread data must not keep the pause from pausing
  std::jthread confirmer([&] { capture->confirm(last_commit); });
  EXPECT_TRUE(test::eventually([&] {
    EXPECT_TRUE(capture->keep_alive(Millis(1000)));
    return slot_flush() == last_commit;
  }));
  EXPECT_EQ(read_commits(1).size(), 1999u);
}

TEST_F(Capture, wake_ends_a_wait_and_stop_cancels_it) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare();
  std::stop_source stop;
  PgSourceOptions options = database.options();
  options.stop = stop.get_token();
  open(options);
  std::jthread waker([&] { capture->wake(); });
  EXPECT_TRUE(test::eventually([&] {
    const auto event = capture->next(Millis(60000));
    return event && std::holds_alternative<CaptureNothing>(*event);
  }));
  std::jthread stopper([&] { stop.request_stop(); });
  const auto error = read_until_error(Millis(60000));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::cancelled);
}

TEST_F(Capture, keepalives_carry_an_idle_slot_past_foreign_wal) {
  database.run("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE unpublished (id int)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare_and_open();
  database.run("INSERT INTO unpublished SELECT generate_series(1, 10000)");
  const Lsn target = wal_now();
  ASSERT_TRUE(test::eventually([&] {
    const auto event = capture->next(Millis(50));
    if (event)
      if (const auto* keepalive = std::get_if<CaptureKeepalive>(&*event)) capture->confirm(keepalive->lsn);
    return slot_flush() >= target;
  }));
}

TEST_F(Capture, nothing_unconfirmed_is_reported_as_flushed_by_keepalives) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare();
  PgSourceOptions options = database.options();
  options.feedback_interval = Millis(10);
  open(options);
  database.run("INSERT INTO t VALUES (1)");
  read_commits(1);
  const auto reply_time = [&] {
    return database
        .run("SELECT extract(epoch FROM reply_time) * 1000 FROM pg_stat_replication WHERE application_name = 'flusso:" +
             database.slot() + ":capture'")
        .string(0, 0);
  };
  const std::string before = reply_time();
  ASSERT_TRUE(test::eventually([&] {
    EXPECT_TRUE(capture->next(Millis(20)));
    return reply_time() != before;
  }));
  EXPECT_EQ(slot_flush(), started_at);
}

TEST_F(Capture, readable_tells_whether_more_is_at_hand) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare_and_open();
  database.run("INSERT INTO t SELECT generate_series(1, 3)");
  ASSERT_TRUE(test::eventually([&] { return capture->readable(); }));
  std::vector<std::string> rows;
  while (rows.size() < 3) {
    const auto event = capture->next(Millis(5000));
    ASSERT_TRUE(event);
    const bool more = capture->readable();  // must not disturb the row that is being looked at
    const std::string text = test::shown(*event);
    if (text.find("insert") != 0) continue;
    rows.push_back(text);
    EXPECT_TRUE(more || test::eventually([&] { return capture->readable(); }))
        << "a row or the commit is still to come";
  }
  EXPECT_THAT(rows, ElementsAre("insert 0 - (1)", "insert 0 - (2)", "insert 0 - (3)"));
}

TEST_F(Capture, a_killed_walsender_is_transient_and_named_by_its_sqlstate) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare_and_open();
  database.run("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '" +
               database.slot() + "'");
  const auto error = read_until_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::transient);
  EXPECT_EQ(error->code, "pg.57P01") << error->what;
  open();
}

TEST_F(Capture, a_slot_in_use_is_transient_and_names_the_process) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare_and_open();
  const auto second = make_capture(database.options(), plan)->start();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::transient);
  const Rows pid =
      database.run("SELECT active_pid FROM pg_replication_slots WHERE slot_name = '" + database.slot() + "'");
  EXPECT_THAT(second.error().what, HasSubstr(pid.string(0, 0)));
}

TEST_F(Capture, a_publication_that_is_gone_is_explained) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  prepare_and_open();
  database.run("DROP PUBLICATION " + quote_identifier(database.publication()));
  database.run("INSERT INTO t VALUES (1)");
  const auto error = read_until_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::transient);
  EXPECT_THAT(error->what, HasSubstr(database.publication()));
}

TEST_F(Capture, changes_from_before_a_publication_that_was_made_again_are_skipped_by_the_next_start) {
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  const PgSourceOptions options = database.options();
  const auto admin = make_source_admin(options);
  ASSERT_TRUE(admin->prepare(plan, {}));
  const std::string publication = quote_identifier(database.publication());
  database.run("DROP PUBLICATION " + publication);
  database.run("INSERT INTO t VALUES (1)");
  database.run("CREATE PUBLICATION " + publication + " FOR TABLE t");
  capture = make_capture(options, plan);
  ASSERT_TRUE(capture->start());
  ASSERT_TRUE(test::eventually([&] { return !capture->next(Millis(50)); }));
  capture.reset();
  Result<SourceState> state = fail(ErrorKind::bug, "test", "not yet");
  ASSERT_TRUE(test::eventually([&] {
    state = admin->prepare(plan, {});
    return state.has_value();
  })) << state.error().what;
  EXPECT_GT(state->confirmed_flush, last_commit);
  capture = make_capture(options, plan);
  ASSERT_TRUE(capture->start());
  database.run("INSERT INTO t VALUES (2)");
  EXPECT_THAT(read_commits(1), ElementsAre("insert 0 - (2)"));
}

TEST_F(Capture, a_missing_slot_is_permanent) {
  const auto from = make_capture(database.options(), plan)->start();
  ASSERT_FALSE(from);
  EXPECT_EQ(from.error().code, "pg.slot_missing");
}

}  // namespace
}  // namespace flusso::pg
