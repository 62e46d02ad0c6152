// What tells that a slot and its server still are what they were, against real servers: the look before anything is
// made, the look from aside while streaming, and a slot that is made anew after it was lost.
#include <gmock/gmock.h>

#include "io/pg/writer_lock.h"
#include "tests/pg/capture_fixture.h"
#include "tests/support/pg_cluster.h"

namespace flusso::pg {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SlotGuard : public test::CaptureTest {
 protected:
  void SetUp() override {
    CaptureTest::SetUp();
    database.run("CREATE TABLE a (id int PRIMARY KEY, v text)");
    plan.tables.push_back(test::table_plan(database, "a", {"id", "v"}));
  }
  SourceView look() {
    auto view = make_source_admin(database.options())->look(plan, {});
    if (!view) ADD_FAILURE() << view.error().what;
    return view ? *view : SourceView{};
  }
  SlotHealth health() {
    auto seen = make_slot_monitor(database.options())->look({});
    if (!seen) ADD_FAILURE() << seen.error().what;
    return seen ? *seen : SlotHealth{};
  }
};

TEST_F(SlotGuard, a_look_makes_nothing_and_tells_what_the_preparation_then_makes) {
  const SourceView before = look();
  EXPECT_FALSE(before.slot);
  EXPECT_TRUE(before.publication_missing);
  EXPECT_TRUE(database.run("SELECT 1 FROM pg_replication_slots WHERE slot_name = '" + database.slot() + "'").empty());
  EXPECT_TRUE(database.run("SELECT 1 FROM pg_publication").empty());

  const auto made = make_source_admin(database.options())->prepare(plan, {});
  ASSERT_TRUE(made) << made.error().what;
  const SourceView after = look();
  ASSERT_TRUE(after.slot);
  EXPECT_EQ(after.slot->confirmed_flush, made->confirmed_flush);
  EXPECT_THAT(after.slot->invalid, IsEmpty());
  EXPECT_FALSE(after.publication_missing);
  EXPECT_EQ(after.system_id, made->system_id);
  EXPECT_EQ(after.database_oid, made->database_oid);
  EXPECT_EQ(after.database, database.name());
  EXPECT_EQ(after.timeline, made->timeline);
  EXPECT_GE(after.wal_end, made->confirmed_flush);
}

TEST_F(SlotGuard, a_slot_that_is_dropped_made_anew_or_moved_stands_past_what_was_confirmed) {
  prepare();
  const Lsn claimed = look().slot->confirmed_flush;
  database.run("INSERT INTO a VALUES (1)");
  database.run("SELECT pg_replication_slot_advance('" + database.slot() + "', pg_current_wal_lsn())");
  EXPECT_GT(look().slot->confirmed_flush, claimed);
  database.run("SELECT pg_drop_replication_slot('" + database.slot() + "')");
  EXPECT_FALSE(look().slot);
  EXPECT_FALSE(health().exists);
  const Lsn end = wal_now();
  database.run("SELECT pg_create_logical_replication_slot('" + database.slot() + "', 'pgoutput')");
  // Also when nothing at all was written in between: making a slot writes a record of its own.
  EXPECT_GT(look().slot->confirmed_flush, end);
}

TEST_F(SlotGuard, a_publication_that_was_dropped_makes_the_slot_skip_and_says_so) {
  prepare();
  database.run("DROP PUBLICATION " + quote_identifier(database.publication()));
  EXPECT_TRUE(look().publication_missing);
  const auto made = make_source_admin(database.options())->prepare(plan, {});
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_TRUE(made->slot_skipped);
  EXPECT_FALSE(made->slot_created);
}

TEST_F(SlotGuard, the_monitor_tells_what_the_slot_keeps_and_where_it_stands) {
  prepare_and_open();
  const SlotHealth before = health();
  EXPECT_TRUE(before.exists);
  EXPECT_EQ(before.confirmed_flush, started_at);
  EXPECT_EQ(before.wal_status, "reserved");
  EXPECT_THAT(before.invalid, IsEmpty());
  EXPECT_FALSE(before.safe_wal_bytes) << "no limit is set";
  database.run("SELECT pg_logical_emit_message(true, 'test', repeat('x', 3000000))");
  const SlotHealth after = health();
  EXPECT_GT(after.retained_bytes, before.retained_bytes + 2'900'000);
  EXPECT_GT(after.lag_bytes, before.lag_bytes + 2'900'000);
  EXPECT_LE(after.lag_bytes, after.retained_bytes) << "the slot restarts before what it confirmed";
  capture->finish();
}

TEST_F(SlotGuard, a_heartbeat_moves_the_stream_past_itself) {
  prepare_and_open();
  const auto monitor = make_slot_monitor(database.options());
  const Lsn before = wal_now();
  ASSERT_TRUE(monitor->beat({}));
  const Lsn beaten = wal_now();
  EXPECT_GT(beaten, before);
  EXPECT_TRUE(test::eventually([&] {
    const auto event = capture->next(Millis(100));
    if (!event) return false;
    if (const auto* commit = std::get_if<CaptureCommit>(&*event)) capture->confirm(commit->end_lsn);
    if (const auto* keepalive = std::get_if<CaptureKeepalive>(&*event)) capture->confirm(keepalive->lsn);
    return slot_flush() >= beaten;
  }));
  capture->finish();
}

TEST(SlotGuardServer, wal_that_is_given_up_is_seen_coming_told_and_cured_by_a_new_slot) {
  test::PrivateCluster cluster(
      "wal_level=logical\nmax_slot_wal_keep_size=112MB\nmin_wal_size=32MB\nmax_wal_size=32MB\n");
  ASSERT_TRUE(cluster.ready());
  auto conn = test::open_url(cluster.url());
  ASSERT_TRUE(conn);
  test::run(*conn, "CREATE TABLE a (id int PRIMARY KEY)");
  PgSourceOptions options;
  options.url = Secret(cluster.url());
  auto infos = describe_tables(*conn, {TableRef{"public", "a"}});
  ASSERT_TRUE(infos);
  Plan plan;
  plan.tables.push_back(TablePlan{infos->front(), {"id"}, {}, {}, {}});
  const auto admin = make_source_admin(options);
  const auto monitor = make_slot_monitor(options);
  const auto made = admin->prepare(plan, {});
  ASSERT_TRUE(made) << made.error().what;
  auto health = monitor->look({});
  ASSERT_TRUE(health);
  ASSERT_TRUE(health->safe_wal_bytes);
  const std::int64_t safe = *health->safe_wal_bytes;
  EXPECT_GT(safe, 0);

  bool extended = false;
  for (int i = 0; i < 20 && health->invalid.empty(); ++i) {
    test::run(*conn, "SELECT pg_switch_wal()");
    test::run(*conn, "SELECT pg_logical_emit_message(false, 'x', 'y'); CHECKPOINT");
    health = monitor->look({});
    ASSERT_TRUE(health) << health.error().what;
    extended = extended || health->wal_status == "extended";
    if (health->safe_wal_bytes) {
      EXPECT_LT(*health->safe_wal_bytes, safe);
    }
  }
  EXPECT_TRUE(extended) << "a warning was due before";
  EXPECT_EQ(health->wal_status, "lost");
  EXPECT_THAT(health->invalid, HasSubstr("max_slot_wal_keep_size"));
  const auto lost = admin->look(plan, {});
  ASSERT_TRUE(lost) << lost.error().what;
  EXPECT_EQ(lost->slot->invalid, health->invalid);
  EXPECT_EQ(admin->prepare(plan, {}).error().code, "pg.slot_lost");

  ASSERT_TRUE(admin->discard_slot({}));
  const auto anew = admin->prepare(plan, {});
  ASSERT_TRUE(anew) << anew.error().what;
  EXPECT_TRUE(anew->slot_created);
  EXPECT_GT(anew->confirmed_flush, made->confirmed_flush);
}

TEST(SlotGuardServer, a_full_server_is_waited_for_and_the_holders_are_named) {
  test::PrivateCluster cluster("wal_level=logical\nmax_replication_slots=1\nmax_wal_senders=1\n");
  ASSERT_TRUE(cluster.ready());
  auto conn = test::open_url(cluster.url());
  ASSERT_TRUE(conn);
  PgSourceOptions options;
  options.url = Secret(cluster.url());
  test::run(*conn, "SELECT pg_create_physical_replication_slot('hog')");
  const auto no_slot = make_source_admin(options)->look(Plan{}, {});
  ASSERT_FALSE(no_slot);
  EXPECT_EQ(no_slot.error().code, "pg.no_free_slot");
  EXPECT_EQ(no_slot.error().kind, ErrorKind::transient);
  EXPECT_THAT(no_slot.error().what, HasSubstr("\"hog\" (not in use)"));
  test::run(*conn, "SELECT pg_drop_replication_slot('hog')");

  ConnParams params;
  params.url = options.url;
  params.replication = true;
  params.application_name = "hog";
  const auto hog = Conn::connect(params);
  ASSERT_TRUE(hog) << hog.error().what;
  const auto no_walsender = make_source_admin(options)->look(Plan{}, {});
  ASSERT_FALSE(no_walsender);
  EXPECT_EQ(no_walsender.error().code, "pg.53300");
  EXPECT_THAT(no_walsender.error().what, HasSubstr("walsenders are held by process"));
  EXPECT_THAT(no_walsender.error().what, HasSubstr(", hog"));
}

TEST(SlotGuardServer, a_promotion_is_told_with_the_place_where_the_old_timeline_was_left) {
  test::PrivateCluster cluster;
  ASSERT_TRUE(cluster.ready());
  PgSourceOptions options;
  options.url = Secret(cluster.url());
  const auto first = make_source_admin(options)->look(Plan{}, {});
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(first->timeline, 1U);
  EXPECT_THAT(first->earlier, IsEmpty());

  ASSERT_TRUE(cluster.stop("fast"));
  ASSERT_TRUE(cluster.become_standby());
  const auto standby = make_source_admin(options)->look(Plan{}, {});
  ASSERT_FALSE(standby);
  EXPECT_EQ(standby.error().code, "pg.in_recovery");
  EXPECT_THAT(standby.error().what, HasSubstr("is a standby"));
  EXPECT_THAT(standby.error().what, HasSubstr("connection_url"));
  const auto lock = WriterLock::try_acquire(Secret(cluster.url()), "shop");
  ASSERT_FALSE(lock) << "a lock that binds nobody on the primary";
  EXPECT_EQ(lock.error().code, "pg.in_recovery");
  EXPECT_EQ(lock.error().kind, ErrorKind::transient) << "it may be promoted";

  ASSERT_TRUE(cluster.promote());
  const auto second = make_source_admin(options)->look(Plan{}, {});
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_EQ(second->system_id, first->system_id);
  EXPECT_EQ(second->timeline, 2U);
  ASSERT_EQ(second->earlier.size(), 1U);
  EXPECT_EQ(second->earlier[0].timeline, 1U);
  EXPECT_GE(second->earlier[0].end, first->wal_end);
  EXPECT_LT(second->earlier[0].end, second->wal_end);
}

}  // namespace
}  // namespace flusso::pg
