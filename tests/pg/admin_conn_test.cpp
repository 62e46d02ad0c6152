// Connections: what is pinned, what can be interrupted, and the sentences when one cannot be had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/pg/sqlstate.h"
#include "io/pg/writer_lock.h"
#include "tests/support/pg_database.h"

namespace flusso::pg {
namespace {

using test::TestDatabase;
using ::testing::HasSubstr;
using ::testing::Not;

class Connection : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(database.ready()); }
  Error connect_error_of(const std::string& url, bool replication = false) {
    ConnParams params;
    params.url = Secret(url);
    params.replication = replication;
    auto conn = Conn::connect(params);
    if (conn) {
      ADD_FAILURE() << "connected";
      return {};
    }
    return conn.error();
  }
  TestDatabase database;
};

TEST_F(Connection, an_unreachable_server_is_transient_and_named) {
  const Error error = connect_error_of("postgres://me:hunter2@127.0.0.1:1/shop");
  EXPECT_EQ(error.kind, ErrorKind::transient);
  EXPECT_EQ(error.code, "pg.08001");
  EXPECT_THAT(error.what, HasSubstr("127.0.0.1:1/shop"));
  EXPECT_THAT(error.what, HasSubstr("Connection refused"));
  EXPECT_THAT(error.what, Not(HasSubstr("hunter2")));
}

TEST_F(Connection, a_wrong_password_is_configuration_and_not_repeated) {
  const Error error = connect_error_of(database.url_as("postgres", "hunter2"));
  EXPECT_EQ(error.kind, ErrorKind::config);
  EXPECT_EQ(error.code, "pg.28P01");
  EXPECT_THAT(error.what, HasSubstr("\"postgres\""));
  EXPECT_THAT(error.what, HasSubstr("connection_url"));
  EXPECT_THAT(error.what, Not(HasSubstr("hunter2")));
}

TEST_F(Connection, a_missing_database_is_configuration_and_named) {
  const Error error = connect_error_of(test::with_option(database.url(), "dbname=no_such_db"));
  EXPECT_EQ(error.kind, ErrorKind::config);
  EXPECT_EQ(error.code, "pg.3D000");
  EXPECT_THAT(error.what, HasSubstr("\"no_such_db\""));
}

TEST_F(Connection, a_role_without_replication_gets_the_statement_that_helps) {
  const std::string role = database.name() + "_plain";
  database.run("CREATE ROLE " + role + " LOGIN PASSWORD 'p'");
  const Error error = connect_error_of(database.url_as(role, "p"), true);
  EXPECT_EQ(error.code, "pg.no_replication");
  EXPECT_THAT(error.what, HasSubstr("ALTER ROLE \"" + role + "\" REPLICATION;"));
  database.run("DROP ROLE " + role);
}

TEST_F(Connection, settings_of_role_and_database_do_not_win) {
  const std::string role = database.name() + "_odd";
  database.run("CREATE ROLE " + role + " LOGIN SUPERUSER PASSWORD 'p'; ALTER ROLE " + role +
               " SET DateStyle = 'German'; ALTER ROLE " + role + " SET search_path = 'public'; ALTER ROLE " + role +
               " SET statement_timeout = '1ms'; ALTER DATABASE " + database.name() +
               " SET bytea_output = 'escape'; ALTER DATABASE " + database.name() + " SET jit = on");
  ConnParams params;
  params.url = Secret(database.url_as(role, "p"));
  params.statement_timeout = Millis(4321);
  params.application_name = "flusso:a b:lane";
  auto conn = Conn::connect(params);
  ASSERT_TRUE(conn) << conn.error().what;
  const auto shown = [&](const std::string& name) { return test::run(*conn, "SHOW " + name).string(0, 0); };
  EXPECT_EQ(shown("DateStyle"), "ISO, MDY");
  EXPECT_EQ(shown("search_path"), "pg_catalog");
  EXPECT_EQ(shown("statement_timeout"), "4321ms");
  EXPECT_EQ(shown("bytea_output"), "hex");
  EXPECT_EQ(shown("jit"), "off");
  EXPECT_EQ(shown("row_security"), "off");
  EXPECT_EQ(shown("application_name"), "flusso:a b:lane");
  EXPECT_EQ(shown("max_parallel_workers_per_gather"), "0");
  conn->close();
  database.run("DROP ROLE " + role);
}

TEST_F(Connection, a_running_statement_ends_when_stop_is_requested) {
  std::stop_source stop;
  database.conn().bind(stop.get_token());
  std::jthread stopper([&] {
    auto other = test::open_url(database.url());
    ASSERT_TRUE(other);
    EXPECT_TRUE(test::eventually([&] {
      return test::run(
                 *other,
                 "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
                 .integer(0, 0) == 1;
    }));
    stop.request_stop();
  });
  const auto rows = database.conn().exec("SELECT pg_sleep(600)");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::cancelled);
  EXPECT_FALSE(database.conn().usable());
  EXPECT_EQ(database.conn().exec("SELECT 1").error().kind, ErrorKind::transient);
}

TEST_F(Connection, values_are_bound_and_nul_bytes_refused) {
  const auto rows =
      database.conn().exec_params("SELECT $1::text, $2::int + 1, $3::text IS NULL", {"it's", "41", std::nullopt});
  ASSERT_TRUE(rows) << rows.error().what;
  EXPECT_EQ(rows->text(0, 0), "it's");
  EXPECT_EQ(rows->integer(0, 1), 42);
  EXPECT_TRUE(rows->boolean(0, 2));
  EXPECT_TRUE(rows->is_null(5, 5));
  EXPECT_EQ(database.conn().exec_params("SELECT $1::text", {std::string("a\0b", 3)}).error().code, "pg.nul_byte");
}

TEST_F(Connection, a_pipeline_answers_every_statement_and_rolls_back_after_an_error) {
  Conn& conn = database.conn();
  ASSERT_TRUE(conn.prepare("twice", "SELECT $1::int * 2"));
  ASSERT_TRUE(conn.prepare("twice", "this is not looked at again"));
  std::vector<std::string> streamed;
  const auto answers = conn.pipeline({{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {}, {}, false, nullptr},
                                      {"twice", {"21"}, {}, true, nullptr},
                                      {"SELECT generate_series(1, 3)",
                                       {},
                                       {},
                                       false,
                                       [&](const Rows& row) {
                                         streamed.push_back(row.string(0, 0));
                                         return Status();
                                       }},
                                      {"SELECT 'after'", {}, {}, false, nullptr},
                                      {"COMMIT", {}, {}, false, nullptr}});
  ASSERT_TRUE(answers) << answers.error().what;
  ASSERT_EQ(answers->size(), 5u);
  EXPECT_EQ((*answers)[1].integer(0, 0), 42);
  EXPECT_EQ(streamed, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ((*answers)[3].text(0, 0), "after");

  const auto failed = conn.pipeline({{"BEGIN", {}, {}, false, nullptr},
                                     {"SELECT 1 / 0", {}, {}, false, nullptr},
                                     {"SELECT 2", {}, {}, false, [](const Rows&) { return Status(); }},
                                     {"COMMIT", {}, {}, false, nullptr}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "pg.22012");
  EXPECT_TRUE(is_data_error(failed.error()));
  ASSERT_TRUE(conn.usable());
  EXPECT_EQ(test::run(conn, "SELECT 3").integer(0, 0), 3);
}

TEST_F(Connection, a_row_callback_that_fails_ends_the_connection_with_its_error) {
  const Status status = database.conn().each_row("SELECT generate_series(1, 100000)", {}, {}, [](const Rows&) {
    return Status(fail(ErrorKind::cancelled, "test.enough", "enough"));
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "test.enough");
  EXPECT_FALSE(database.conn().usable());
}

TEST_F(Connection, copy_gives_rows_and_data_in_order_and_survives_an_error_in_the_middle) {
  std::string text;
  std::vector<std::string> rows;
  const auto take_rows = [&](const Rows& row) {
    if (!row.empty()) rows.push_back(row.string(0, 0));
    return Status();
  };
  const auto take_data = [&](std::string_view data) {
    text += data;
    return Status();
  };
  ASSERT_TRUE(database.conn().copy_out(
      "BEGIN; SELECT 'before'; COPY (SELECT generate_series(1, 3)) TO STDOUT; SELECT 'after'; COMMIT", take_rows,
      take_data));
  EXPECT_EQ(text, "1\n2\n3\n");
  EXPECT_EQ(rows, (std::vector<std::string>{"before", "after"}));
  const Status failed = database.conn().copy_out(
      "BEGIN; COPY (SELECT 1 / (3 - g) FROM generate_series(1, 5) g) TO STDOUT; COMMIT", take_rows, take_data);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "pg.22012");
  ASSERT_TRUE(database.conn().usable());
  EXPECT_EQ(test::run(database.conn(), "SELECT 7").integer(0, 0), 7);
}

TEST_F(Connection, a_plan_made_stale_by_ddl_asks_for_a_new_session) {
  Conn& conn = database.conn();
  database.run("CREATE TABLE t (id int)");
  ASSERT_TRUE(conn.prepare("all", "SELECT * FROM t"));
  ASSERT_TRUE(conn.exec_prepared("all", {}));
  database.run("ALTER TABLE t ADD COLUMN more int");
  const auto rows = conn.exec_prepared("all", {});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::transient);
  EXPECT_FALSE(conn.usable());
}

TEST_F(Connection, a_terminated_backend_is_transient_with_its_sqlstate) {
  auto other = test::open_url(database.url());
  ASSERT_TRUE(other);
  std::jthread killer([&] {
    EXPECT_TRUE(test::eventually([&] {
      return test::run(*other,
                       "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND "
                       "datname = current_database()")
                 .integer(0, 0) == 1;
    }));
  });
  const auto rows = database.conn().exec("SELECT pg_sleep(600)");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, "pg.57P01");
  EXPECT_EQ(rows.error().kind, ErrorKind::transient);
  EXPECT_FALSE(database.conn().usable());
}

TEST_F(Connection, timeouts_of_statements_and_locks_are_transient) {
  database.run("SET statement_timeout = '20ms'");
  const auto slow = database.conn().exec("SELECT pg_sleep(5)");
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code, "pg.57014");
  EXPECT_EQ(slow.error().kind, ErrorKind::transient);
}

TEST_F(Connection, the_writer_lock_admits_one_and_names_the_other) {
  auto first = WriterLock::try_acquire(Secret(database.url()), "shop");
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_FALSE(first->lost());
  const auto second = WriterLock::try_acquire(Secret(database.url()), "shop");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "pg.locked");
  EXPECT_EQ(second.error().kind, ErrorKind::transient);
  const Rows holder = database.run(
      "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database "
      "WHERE datname = current_database())");
  ASSERT_EQ(holder.size(), 1);
  EXPECT_THAT(second.error().what, HasSubstr("process " + holder.string(0, 0) + " (flusso:shop:lock)"));
  EXPECT_TRUE(WriterLock::try_acquire(Secret(database.url()), "another"));

  database.run("SELECT pg_terminate_backend(" + holder.string(0, 0) + ")");
  EXPECT_TRUE(test::eventually([&] { return first->lost(); }));
  EXPECT_TRUE(test::eventually([&] { return WriterLock::try_acquire(Secret(database.url()), "shop").has_value(); }));
}

}  // namespace
}  // namespace flusso::pg
