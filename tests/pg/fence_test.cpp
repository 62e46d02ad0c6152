// The two fences: a delivered commit that no snapshot sees yet, and transactions that are older than slot or
// publication.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>

#include "io/pg/blockers.h"
#include "model/log.h"
#include "tests/pg/capture_fixture.h"
#include "tests/support/pg_cluster.h"

namespace flusso::pg {
namespace {

using test::TestDatabase;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Reads until a commit arrives.
std::optional<CaptureCommit> next_commit(ChangeCapture& capture) {
  std::optional<CaptureCommit> commit;
  test::eventually([&] {
    const auto event = capture.next(Millis(100));
    if (!event)
      ADD_FAILURE() << event.error().what;
    else if (const auto* found = std::get_if<CaptureCommit>(&*event))
      commit = *found;
    return !event || commit;
  });
  return commit;
}

bool sees(const SnapshotXids& snapshot, Xid xid) {
  const auto low = [](std::uint64_t wide) { return static_cast<std::uint32_t>(wide); };
  if (static_cast<std::int32_t>(xid.value - low(snapshot.xmin)) < 0) return true;
  if (static_cast<std::int32_t>(xid.value - low(snapshot.xmax)) >= 0) return false;
  return std::none_of(snapshot.xip.begin(), snapshot.xip.end(),
                      [&](std::uint64_t running) { return low(running) == xid.value; });
}

TEST(VisibilityFence, a_commit_can_be_delivered_before_any_snapshot_sees_it) {
  test::PrivateCluster cluster;
  ASSERT_TRUE(cluster.ready());
  TestDatabase database(cluster.url());
  ASSERT_TRUE(database.ready());
  database.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'old')");
  Plan plan;
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  const auto capture = test::begin_capture(database, plan);
  ASSERT_TRUE(capture);
  const auto visibility = make_visibility(database.options());
  ASSERT_TRUE(visibility->now());

  database.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  database.run("SELECT pg_reload_conf()");
  auto writer = test::open_url(database.url());
  ASSERT_TRUE(writer);
  ASSERT_TRUE(
      test::eventually([&] { return test::run(*writer, "SHOW synchronous_standby_names").text(0, 0) == "nobody"; }));
  auto update = std::async(std::launch::async, [&] { return writer->exec("UPDATE t SET v = 'new'"); });

  const auto commit = next_commit(*capture);
  ASSERT_TRUE(commit);
  const auto early = visibility->now();
  ASSERT_TRUE(early) << early.error().what;
  EXPECT_FALSE(sees(*early, commit->xid));
  EXPECT_EQ(database.run("SELECT v FROM t").text(0, 0), "old");

  database.run("ALTER SYSTEM RESET synchronous_standby_names");
  database.run("SELECT pg_reload_conf()");
  ASSERT_TRUE(update.get());
  ASSERT_TRUE(test::eventually([&] {
    const auto later = visibility->now();
    return later && sees(*later, commit->xid);
  }));
  EXPECT_EQ(database.run("SELECT v FROM t").text(0, 0), "new");
  capture->finish();
}

TEST(VisibilityFence, it_reconnects_by_itself_after_an_error) {
  TestDatabase database;
  ASSERT_TRUE(database.ready());
  const auto visibility = make_visibility(database.options());
  ASSERT_TRUE(visibility->now());
  database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flusso:" +
               database.slot() + ":fence'");
  Error error;
  ASSERT_TRUE(test::eventually([&] {
    const auto now = visibility->now();
    if (!now) error = now.error();
    return !now;
  }));
  EXPECT_EQ(error.kind, ErrorKind::transient);
  const auto again = visibility->now();
  EXPECT_TRUE(again) << again.error().what;
}

TEST(VisibilityFence, running_transactions_are_listed) {
  TestDatabase database;
  ASSERT_TRUE(database.ready());
  auto other = test::open_url(database.url());
  ASSERT_TRUE(other);
  test::run(*other, "BEGIN");
  const auto xid = test::run(*other, "SELECT pg_current_xact_id()").unsigned_integer(0, 0);
  database.run("SELECT pg_current_xact_id()");
  const auto visibility = make_visibility(database.options());
  const auto during = visibility->now();
  ASSERT_TRUE(during);
  EXPECT_LE(during->xmin, xid);
  EXPECT_TRUE(std::find(during->xip.begin(), during->xip.end(), xid) != during->xip.end());
  test::run(*other, "COMMIT");
  const auto after = visibility->now();
  ASSERT_TRUE(after);
  EXPECT_TRUE(std::find(after->xip.begin(), after->xip.end(), xid) == after->xip.end());
}

class SeedFence : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(database.ready());
    auto opened = test::open_url(database.url(), "the writer");
    ASSERT_TRUE(opened);
    writer.emplace(std::move(*opened));
    database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
    plan.tables.push_back(test::table_plan(database, "a", {"id"}));
  }
  TestDatabase database;
  std::optional<Conn> writer;
  Plan plan;
};

TEST_F(SeedFence, a_transaction_open_while_the_slot_is_made_ends_before_the_slot_exists) {
  test::run(*writer, "BEGIN");
  test::run(*writer, "INSERT INTO a VALUES (1)");
  const auto admin = make_source_admin(database.options());
  auto prepared = std::async(std::launch::async, [&] { return admin->prepare(plan, {}); });
  ASSERT_TRUE(test::eventually([&] {
    return !database
                .run("SELECT 1 FROM pg_stat_activity WHERE application_name = 'flusso:" + database.slot() +
                     ":admin' AND wait_event_type = 'Lock'")
                .empty();
  }));
  EXPECT_EQ(prepared.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  test::run(*writer, "COMMIT");
  const auto state = prepared.get();
  ASSERT_TRUE(state) << state.error().what;
  EXPECT_TRUE(state->slot_created);
  EXPECT_TRUE(admin->await_older_transactions(state->seed_fence_xid, {}));
  EXPECT_EQ(database.run("SELECT count(*) FROM a").integer(0, 0), 1);  // what the stream lacks, the scan sees
}

TEST_F(SeedFence, a_transaction_older_than_a_table_in_the_publication_is_waited_for) {
  const auto admin = make_source_admin(database.options());
  ASSERT_TRUE(admin->prepare(plan, {}));
  test::run(*writer, "BEGIN");
  test::run(*writer, "INSERT INTO b VALUES (1)");
  plan.tables.push_back(test::table_plan(database, "b", {"id"}));
  const auto state = admin->prepare(plan, {});
  ASSERT_TRUE(state) << state.error().what;
  EXPECT_THAT(state->tables_added, ElementsAre(TableRef{"public", "b"}));

  EXPECT_THAT(name_blockers(database.conn(), state->seed_fence_xid, 0),
              HasSubstr("process " + std::to_string(writer->backend_pid()) + " (the writer, idle in transaction"));
  std::stop_source impatient;
  auto stopped = std::async(std::launch::async, [&] {
    return admin->await_older_transactions(state->seed_fence_xid, impatient.get_token());
  });
  EXPECT_EQ(stopped.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  impatient.request_stop();
  EXPECT_EQ(stopped.get().error().kind, ErrorKind::cancelled);

  auto waited =
      std::async(std::launch::async, [&] { return admin->await_older_transactions(state->seed_fence_xid, {}); });
  EXPECT_EQ(waited.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  test::run(*writer, "COMMIT");
  EXPECT_TRUE(waited.get());

  // That insert is in the scan only: the stream begins with the next one.
  const auto capture = make_capture(database.options(), plan);
  ASSERT_TRUE(capture->start());
  database.run("INSERT INTO b VALUES (2)");
  std::vector<std::string> rows;
  ASSERT_TRUE(test::eventually([&] {
    const auto event = capture->next(Millis(100));
    if (!event) return true;
    if (const auto* row = std::get_if<RowEvent>(&*event)) rows.emplace_back(row->new_fields->at(0).text);
    return !rows.empty();
  }));
  EXPECT_THAT(rows, ElementsAre("2"));
  capture->finish();
}

TEST_F(SeedFence, a_prepared_transaction_is_named) {
  test::PrivateCluster cluster("wal_level=logical\nmax_prepared_transactions=2\n");
  ASSERT_TRUE(cluster.ready());
  auto conn = test::open_url(cluster.url());
  ASSERT_TRUE(conn);
  test::run(*conn, "CREATE TABLE t (id int)");
  test::run(*conn, "BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'payday'");
  const auto fence = test::run(*conn, "SELECT pg_current_xact_id()").unsigned_integer(0, 0);
  EXPECT_THAT(name_blockers(*conn, fence, 0), HasSubstr("prepared transaction \"payday\" (for 0 s; COMMIT PREPARED "
                                                        "'payday' or ROLLBACK PREPARED 'payday' ends it)"));
  test::run(*conn, "ROLLBACK PREPARED 'payday'");
  EXPECT_THAT(name_blockers(*conn, fence, 0), HasSubstr("an older transaction"));
}

// Keeps the fields `for` of the lines that say what slot creation waits for.
class Waits final : public LogBackend {
 public:
  Waits() : before_(log_backend()) { install_log_backend(this); }
  ~Waits() override { install_log_backend(before_); }
  bool enabled(LogLevel, std::string_view) const noexcept override { return true; }
  void write(LogLevel, std::string_view, std::string_view phrase,
             std::initializer_list<LogField> fields) noexcept override {
    if (phrase.find("before the slot can be made") == std::string_view::npos) return;
    const std::scoped_lock lock(mutex_);
    for (const LogField& field : fields)
      if (field.key == "for") said_.push_back(field.value);
  }
  std::vector<std::string> said() {
    const std::scoped_lock lock(mutex_);
    return said_;
  }

 private:
  LogBackend* before_;
  std::mutex mutex_;
  std::vector<std::string> said_;
};

TEST(SlotCreation, it_names_open_and_prepared_transactions_of_every_database_until_they_end) {
  test::PrivateCluster cluster("wal_level=logical\nmax_prepared_transactions=4\n");
  ASSERT_TRUE(cluster.ready());
  TestDatabase database(cluster.url()), neighbour(cluster.url());
  ASSERT_TRUE(database.ready() && neighbour.ready());
  database.run("CREATE TABLE a (id int PRIMARY KEY)");
  neighbour.run("CREATE TABLE b (id int)");
  Plan plan;
  plan.tables.push_back(test::table_plan(database, "a", {"id"}));
  auto writer = test::open_url(database.url(), "the writer");
  ASSERT_TRUE(writer);
  database.run("BEGIN; INSERT INTO a VALUES (1); PREPARE TRANSACTION 'pay''day'");
  neighbour.run("BEGIN; INSERT INTO b VALUES (1); PREPARE TRANSACTION 'elsewhere'");
  test::run(*writer, "BEGIN; INSERT INTO a VALUES (2)");

  Waits waits;
  const auto admin = make_source_admin(database.options());
  auto prepared = std::async(std::launch::async, [&] { return admin->prepare(plan, {}); });
  ASSERT_TRUE(test::eventually([&] { return waits.said().size() >= 2; }, std::chrono::seconds(40)));
  const std::string said = waits.said().back();
  EXPECT_THAT(said, ::testing::ContainsRegex("prepared transaction \"pay'day\" \\(for [0-9]+ s; COMMIT PREPARED "
                                             "'pay''day' or ROLLBACK PREPARED 'pay''day' ends it\\)"));
  EXPECT_THAT(said, HasSubstr("prepared transaction \"elsewhere\" of database \"" + neighbour.name() + "\" (for "));
  EXPECT_THAT(said, HasSubstr("ends it there)"));
  EXPECT_THAT(said, ::testing::ContainsRegex("process " + std::to_string(writer->backend_pid()) +
                                             " \\(the writer, idle in transaction for [0-9]+ s"));
  EXPECT_EQ(prepared.wait_for(std::chrono::seconds(0)), std::future_status::timeout);

  // Whoever is awaited right now comes first: it is what has to end.
  database.run("COMMIT PREPARED 'pay''day'");
  const std::size_t before = waits.said().size();
  ASSERT_TRUE(test::eventually([&] { return waits.said().size() >= before + 2; }, std::chrono::seconds(40)));
  EXPECT_THAT(waits.said().back(), ::testing::Not(HasSubstr("day")));
  neighbour.run("ROLLBACK PREPARED 'elsewhere'");
  test::run(*writer, "COMMIT");
  const auto state = prepared.get();
  ASSERT_TRUE(state) << state.error().what;
  EXPECT_TRUE(state->slot_created);
}

TEST(Shutdown, a_server_stops_fast_while_connected_once_everything_is_confirmed) {
  test::PrivateCluster cluster;
  ASSERT_TRUE(cluster.ready());
  std::optional<TestDatabase> database(std::in_place, cluster.url());
  ASSERT_TRUE(database->ready());
  database->run("CREATE TABLE t (id int PRIMARY KEY)");
  Plan plan;
  plan.tables.push_back(test::table_plan(*database, "t", {"id"}));
  const auto capture = test::begin_capture(*database, plan);
  ASSERT_TRUE(capture);
  database->run("INSERT INTO t VALUES (1)");

  // A pipeline whose sink takes everything at once: what arrives is confirmed.
  std::atomic<int> commits{0};
  Error ended;
  std::jthread pipeline([&] {
    while (true) {
      const auto event = capture->next(Millis(100));
      if (!event) {
        ended = event.error();
        return;
      }
      if (const auto* commit = std::get_if<CaptureCommit>(&*event)) {
        capture->confirm(commit->end_lsn);
        ++commits;
      }
      if (const auto* keepalive = std::get_if<CaptureKeepalive>(&*event)) capture->confirm(keepalive->lsn);
    }
  });
  ASSERT_TRUE(test::eventually([&] { return commits == 1; }));
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(cluster.stop("fast", 15));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
  pipeline.join();
  EXPECT_EQ(ended.kind, ErrorKind::transient) << ended.code;
  ASSERT_TRUE(cluster.start());
}

TEST(Shutdown, a_server_stop_waits_for_what_is_not_confirmed) {
  test::PrivateCluster cluster;
  ASSERT_TRUE(cluster.ready());
  TestDatabase database(cluster.url());
  ASSERT_TRUE(database.ready());
  database.run("CREATE TABLE t (id int PRIMARY KEY)");
  Plan plan;
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  ASSERT_TRUE(make_source_admin(database.options())->prepare(plan, {}));
  const auto capture = make_capture(database.options(), plan);
  const auto from = capture->start();
  ASSERT_TRUE(from);
  database.run("INSERT INTO t VALUES (1)");
  ASSERT_TRUE(next_commit(*capture));
  std::jthread pipeline([&](std::stop_token stop) {
    while (!stop.stop_requested() && capture->next(Millis(50))) {
    }
  });
  EXPECT_FALSE(cluster.stop("fast", 3));  // nothing was confirmed behind anybody's back
  pipeline.request_stop();
  pipeline.join();
  capture->finish();
  EXPECT_TRUE(cluster.stop("fast", 15));
}

}  // namespace
}  // namespace flusso::pg
