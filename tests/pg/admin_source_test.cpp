// SourceAdmin against a real server: the catalog, every refusal of prepare(), publication and slot, and the fences.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "io/pg/pg_source_admin.h"
#include "tests/support/pg_cluster.h"
#include "tests/support/pg_database.h"

namespace flusso::pg {
namespace {

using test::TestDatabase;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Admin : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(database.ready()); }
  void add(const std::string& table, std::vector<std::string> columns) {
    plan.tables.push_back(test::table_plan(database, table, std::move(columns)));
  }
  void add_root(const std::string& table, KeyColumns key) {
    IndexPlan index;
    index.name = table + "_index";
    index.schema.table = {"public", table};
    index.schema.primary_key = std::move(key);
    plan.indexes.push_back(std::move(index));
  }
  Result<SourceState> prepare() { return make_source_admin(database.options())->prepare(plan, {}); }
  Error refusal() {
    auto state = prepare();
    if (state) {
      ADD_FAILURE() << "prepare succeeded";
      return {};
    }
    return state.error();
  }
  bool slot_exists() {
    return !database.run("SELECT 1 FROM pg_replication_slots WHERE slot_name = '" + database.slot() + "'").empty();
  }
  std::vector<std::string> published() {
    const Rows rows =
        database.run("SELECT schemaname || '.' || tablename FROM pg_publication_tables WHERE pubname = '" +
                     database.publication() + "'");
    std::vector<std::string> out;
    for (int row = 0; row < rows.size(); ++row) out.push_back(rows.string(row, 0));
    return out;
  }
  std::string quoted_publication() { return quote_identifier(database.publication()); }

  TestDatabase database;
  Plan plan;
};

using Describe = Admin;

TEST_F(Describe, columns_keys_and_identities_are_read) {
  database.run(
      "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); "
      "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN small AS int CHECK (VALUE < 100); CREATE DOMAIN smaller "
      "AS small NOT NULL; "
      "CREATE TABLE t (id bigint, tenant uuid, name varchar(20) COLLATE ci NOT NULL, tags text[], m mood, d smaller, "
      "twice int GENERATED ALWAYS AS (id::int * 2) STORED, gone int, PRIMARY KEY (tenant, id), UNIQUE (name)); "
      "ALTER TABLE t DROP COLUMN gone; CREATE UNIQUE INDEX ON t (m) WHERE m IS NOT NULL; CREATE UNIQUE INDEX ON t "
      "(lower(name)); "
      "ALTER TABLE t ADD UNIQUE (d) DEFERRABLE; INSERT INTO t SELECT g, gen_random_uuid(), g::text, '{}', 'ok', 1 FROM "
      "generate_series(1, 1) g; ANALYZE t");
  const auto infos = make_source_admin(database.options())->describe({{"public", "t"}, {"public", "t"}});
  ASSERT_TRUE(infos) << infos.error().what;
  ASSERT_EQ(infos->size(), 2u);
  const TableInfo& info = infos->at(1);
  EXPECT_EQ(info.columns.size(), 7u);
  EXPECT_EQ(info.primary_key, (KeyColumns{"tenant", "id"}));
  EXPECT_EQ(info.identity_columns, (KeyColumns{"tenant", "id"}));
  EXPECT_THAT(info.unique_keys, UnorderedElementsAre(KeyColumns{"tenant", "id"}, KeyColumns{"name"}));
  EXPECT_EQ(info.column("name")->type, "character varying(20)");
  EXPECT_EQ(info.column("name")->base_type, "varchar");
  EXPECT_TRUE(info.column("name")->not_null);
  EXPECT_FALSE(info.column("name")->collation_deterministic);
  EXPECT_TRUE(info.column("id")->collation_deterministic);
  EXPECT_EQ(info.column("tags")->base_type, "_text");
  EXPECT_EQ(info.column("tags")->category, 'A');
  EXPECT_EQ(info.column("m")->kind, 'e');
  EXPECT_EQ(info.column("m")->base_type, "mood");
  EXPECT_EQ(info.column("d")->base_type, "int4");
  EXPECT_EQ(info.column("d")->type, "public.smaller");
  EXPECT_TRUE(info.column("d")->not_null);
  EXPECT_TRUE(info.column("twice")->generated);
  EXPECT_EQ(info.column("gone"), nullptr);
  EXPECT_EQ(info.rows, 1);
  EXPECT_EQ(info.pages, 1);
  EXPECT_GT(info.filenode, 0u);
  EXPECT_EQ(info.kind, 'r');
}

TEST_F(Describe, identities_other_than_the_default_are_read) {
  database.run(
      "CREATE TABLE f (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a) STORED); ALTER TABLE f REPLICA "
      "IDENTITY FULL; "
      "CREATE TABLE i (id int PRIMARY KEY, a int NOT NULL); CREATE UNIQUE INDEX ii ON i (a, id); ALTER TABLE i REPLICA "
      "IDENTITY USING INDEX ii; "
      "CREATE TABLE n (id int PRIMARY KEY); ALTER TABLE n REPLICA IDENTITY NOTHING; CREATE TABLE k (a int); "
      "CREATE TABLE p (id int, PRIMARY KEY (id) DEFERRABLE)");
  const auto infos =
      make_source_admin(database.options())
          ->describe({{"public", "f"}, {"public", "i"}, {"public", "n"}, {"public", "k"}, {"public", "p"}});
  ASSERT_TRUE(infos) << infos.error().what;
  EXPECT_EQ(infos->at(0).identity_columns, (KeyColumns{"id", "a"}));
  EXPECT_EQ(infos->at(1).identity_columns, (KeyColumns{"a", "id"}));
  EXPECT_THAT(infos->at(2).identity_columns, IsEmpty());
  EXPECT_THAT(infos->at(3).identity_columns, IsEmpty());
  EXPECT_THAT(infos->at(4).identity_columns, IsEmpty());
  EXPECT_EQ(infos->at(4).primary_key, (KeyColumns{"id"}));
}

TEST_F(Describe, all_missing_tables_are_named_at_once_with_a_guess) {
  database.run("CREATE TABLE users (id int); CREATE SCHEMA sales; CREATE TABLE sales.orders (id int)");
  const auto infos = make_source_admin(database.options())
                         ->describe({{"public", "usres"}, {"public", "users"}, {"public", "orders"}, {"nowhere", "x"}});
  ASSERT_FALSE(infos);
  EXPECT_EQ(infos.error().code, "pg.table_missing");
  EXPECT_EQ(infos.error().kind, ErrorKind::permanent);
  EXPECT_THAT(infos.error().what, HasSubstr("table public.usres does not exist"));
  EXPECT_THAT(infos.error().what, HasSubstr("did you mean public.users?"));
  EXPECT_THAT(infos.error().what, HasSubstr("did you mean sales.orders?"));
  EXPECT_THAT(infos.error().what, HasSubstr("nowhere.x"));
}

TEST_F(Describe, what_cannot_be_followed_yet_is_said) {
  database.run(
      "CREATE TABLE base (id int); CREATE VIEW v AS SELECT 1 AS id; CREATE MATERIALIZED VIEW m AS SELECT 1 AS id; "
      "CREATE TABLE parted (id int) PARTITION BY RANGE (id); CREATE UNLOGGED TABLE parted_1 PARTITION OF parted FOR "
      "VALUES FROM (0) TO (10); CREATE TABLE child () INHERITS (base); CREATE UNLOGGED "
      "TABLE u (id int)");
  const auto infos =
      make_source_admin(database.options())
          ->describe({{"public", "v"}, {"public", "m"}, {"public", "parted"}, {"public", "base"}, {"public", "u"}});
  ASSERT_FALSE(infos);
  EXPECT_EQ(infos.error().code, "pg.table_kind");
  for (const char* text : {"public.v is a view", "public.m is a materialized view",
                           "public.parted is a partitioned table whose partition public.parted_1 is an unlogged table",
                           "public.base is the parent of other tables", "public.u is an unlogged table"})
    EXPECT_THAT(infos.error().what, HasSubstr(text));
}

TEST_F(Admin, publication_and_slot_are_made_once_and_then_used) {
  database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
  add("a", {"id"});
  const auto first = prepare();
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_TRUE(first->slot_created);
  EXPECT_THAT(first->tables_added, ElementsAre(TableRef{"public", "a"}));
  EXPECT_EQ(first->slot, database.slot());
  EXPECT_GT(first->confirmed_flush, Lsn{});
  EXPECT_GT(first->timeline, 0u);
  EXPECT_GT(first->seed_fence_xid, 0u);
  EXPECT_EQ(first->system_id, database.run("SELECT system_identifier FROM pg_control_system()").string(0, 0));
  EXPECT_EQ(first->database_oid,
            database.run("SELECT oid FROM pg_database WHERE datname = current_database()").unsigned_integer(0, 0));

  add("b", {"id"});
  const auto second = prepare();
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_FALSE(second->slot_created);
  EXPECT_THAT(second->tables_added, ElementsAre(TableRef{"public", "b"}));
  EXPECT_THAT(published(), UnorderedElementsAre("public.a", "public.b"));

  const auto third = prepare();
  ASSERT_TRUE(third) << third.error().what;
  EXPECT_THAT(third->tables_added, IsEmpty());
  EXPECT_EQ(third->confirmed_flush, first->confirmed_flush);
}

TEST_F(Admin, a_publication_for_all_tables_is_left_alone) {
  database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE PUBLICATION " + quoted_publication() + " FOR ALL TABLES");
  add("a", {"id"});
  const auto state = prepare();
  ASSERT_TRUE(state) << state.error().what;
  EXPECT_THAT(state->tables_added, IsEmpty());
}

TEST_F(Admin, a_slot_older_than_its_publication_skips_what_it_cannot_decode) {
  database.run("CREATE TABLE a (id int PRIMARY KEY)");
  database.run("SELECT pg_create_logical_replication_slot('" + database.slot() + "', 'pgoutput')");
  database.run("INSERT INTO a VALUES (1)");
  const Lsn before = database.run("SELECT pg_current_wal_lsn()").lsn(0, 0);
  add("a", {"id"});
  const auto state = prepare();
  ASSERT_TRUE(state) << state.error().what;
  EXPECT_GE(state->confirmed_flush, before);
  const auto capture = make_capture(database.options(), plan);
  ASSERT_TRUE(capture->start());
  database.run("INSERT INTO a VALUES (2)");
  bool committed = false;
  EXPECT_TRUE(test::eventually([&] {
    const auto event = capture->next(Millis(50));
    EXPECT_TRUE(event) << event.error().what;
    committed = !event || std::holds_alternative<CaptureCommit>(*event);
    return committed;
  }));
  capture->finish();
}

TEST_F(Admin, an_unmanaged_publication_that_lacks_a_table_is_refused_with_the_statement) {
  database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
  add("a", {"id"});
  add("b", {"id"});
  PgSourceOptions options = database.options();
  options.manage_publication = false;
  const auto absent = make_source_admin(options)->prepare(plan, {});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, "pg.publication_incomplete");
  EXPECT_THAT(absent.error().what, HasSubstr("CREATE PUBLICATION " + quoted_publication() +
                                             " FOR TABLE \"public\".\"a\", \"public\".\"b\";"));
  EXPECT_FALSE(slot_exists());
  database.run("CREATE PUBLICATION " + quoted_publication() + " FOR TABLE a");
  const auto lacking = make_source_admin(options)->prepare(plan, {});
  ASSERT_FALSE(lacking);
  EXPECT_THAT(lacking.error().what,
              HasSubstr("ALTER PUBLICATION " + quoted_publication() + " ADD TABLE \"public\".\"b\";"));
  database.run("ALTER PUBLICATION " + quoted_publication() + " ADD TABLE b");
  EXPECT_TRUE(make_source_admin(options)->prepare(plan, {}));
}

TEST_F(Admin, a_role_that_may_not_change_the_publication_gets_the_statement) {
  const std::string role = database.name() + "_reader";
  database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE ROLE " + role +
               " LOGIN REPLICATION PASSWORD 'p'; GRANT SELECT ON a TO " + role);
  add("a", {"id"});
  PgSourceOptions options = database.options();
  options.url = Secret(database.url_as(role, "p"));
  const auto refused = make_source_admin(options)->prepare(plan, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "pg.publication_incomplete");
  EXPECT_THAT(refused.error().what, HasSubstr("CREATE PUBLICATION " + quoted_publication()));
  EXPECT_FALSE(slot_exists());
  database.run("CREATE PUBLICATION " + quoted_publication() + " FOR TABLE a");
  const auto state = make_source_admin(options)->prepare(plan, {});
  EXPECT_TRUE(state) << state.error().what;
  database.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(Admin, missing_privileges_are_named_together) {
  const std::string role = database.name() + "_nobody";
  database.run(
      "CREATE TABLE a (id int PRIMARY KEY); CREATE SCHEMA s; CREATE TABLE s.b (id int PRIMARY KEY); CREATE ROLE " +
      role + " LOGIN PASSWORD 'p'");
  add("a", {"id"});
  auto infos = describe_tables(database.conn(), {{"s", "b"}});
  ASSERT_TRUE(infos);
  TablePlan hidden;
  hidden.info = infos->front();
  hidden.columns = {"id"};
  plan.tables.push_back(hidden);
  PgSourceOptions options = database.options();
  options.url = Secret(database.url_as(role, "p"));
  const auto refused = make_source_admin(options)->prepare(plan, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("3 things need attention"));
  EXPECT_THAT(refused.error().what, HasSubstr("ALTER ROLE \"" + role + "\" REPLICATION;"));
  EXPECT_THAT(refused.error().what, HasSubstr("GRANT SELECT ON \"public\".\"a\" TO \"" + role + "\";"));
  EXPECT_THAT(refused.error().what, HasSubstr("GRANT USAGE ON SCHEMA \"s\" TO \"" + role + "\";"));
  database.run("DROP ROLE " + role);
}

TEST_F(Admin, row_level_security_that_hides_rows_is_refused) {
  const std::string role = database.name() + "_rls";
  database.run("CREATE TABLE a (id int PRIMARY KEY); ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE ROLE " + role +
               " LOGIN REPLICATION PASSWORD 'p'; GRANT SELECT ON a TO " + role);
  add("a", {"id"});
  PgSourceOptions options = database.options();
  options.url = Secret(database.url_as(role, "p"));
  const auto refused = make_source_admin(options)->prepare(plan, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "pg.row_security");
  EXPECT_THAT(refused.error().what, HasSubstr("BYPASSRLS"));
  database.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(Admin, a_table_without_identity_is_never_published) {
  database.run("CREATE TABLE keyless (id int)");
  add("keyless", {"id"});
  const Error error = refusal();
  EXPECT_EQ(error.code, "pg.no_identity");
  EXPECT_THAT(error.what, HasSubstr("public.keyless"));
  EXPECT_THAT(error.what, HasSubstr("ALTER TABLE \"public\".\"keyless\" REPLICA IDENTITY FULL;"));
  EXPECT_THAT(published(), IsEmpty());
  database.run("INSERT INTO keyless VALUES (1); UPDATE keyless SET id = 2");
}

TEST_F(Admin, a_root_identity_without_the_document_key_is_refused_and_its_cure_works) {
  // An index that serves as identity is used where there is one, else made.
  for (const std::string& unique : std::vector<std::string>{"UNIQUE", ""}) {
    database.run("DROP TABLE IF EXISTS r; CREATE TABLE r (id int PRIMARY KEY, code int NOT NULL " + unique +
                 ", other int NOT NULL UNIQUE); ALTER TABLE r REPLICA IDENTITY USING INDEX r_other_key");
    plan = {};
    add("r", {"code"});
    add_root("r", {"code"});
    const Error error = refusal();
    EXPECT_EQ(error.code, "pg.identity_lacks_key");
    EXPECT_THAT(error.what, HasSubstr("r_index"));
    EXPECT_EQ(error.what.find("CREATE UNIQUE INDEX") == std::string::npos, unique == "UNIQUE") << error.what;
    const std::string marker = "; run ";
    std::string cure = error.what.substr(error.what.find(marker) + marker.size());
    for (auto end = cure.find(';'); end != std::string::npos; end = cure.find(';')) {
      database.run(cure.substr(0, end));
      cure.erase(0, end + 1);
    }
    plan.tables.clear();
    add("r", {"code"});
    const auto state = prepare();
    EXPECT_TRUE(state) << state.error().what;
  }
}

TEST_F(Admin, a_root_named_by_another_unique_column_than_its_primary_key_is_fine) {
  database.run("CREATE TABLE r (id int PRIMARY KEY, code int NOT NULL UNIQUE)");
  add("r", {"code"});
  add_root("r", {"code"});
  const auto state = prepare();
  EXPECT_TRUE(state) << state.error().what;
}

TEST_F(Admin, publications_that_hide_changes_are_refused) {
  database.run("CREATE TABLE a (id int PRIMARY KEY, owner int); CREATE PUBLICATION " + quoted_publication() +
               " FOR TABLE a (id) WITH (publish = 'insert')");
  add("a", {"owner", "id"});
  const Error error = refusal();
  EXPECT_THAT(error.what, HasSubstr("SET (publish = 'insert, update, delete, truncate')"));
  EXPECT_THAT(error.what, HasSubstr("leaves out column owner of table public.a"));
  database.run("DROP PUBLICATION " + quoted_publication() + "; CREATE PUBLICATION " + quoted_publication() +
               " FOR TABLE a WHERE (id > 5)");
  EXPECT_EQ(refusal().code, "pg.publication_filter");
}

TEST_F(Admin, what_a_partial_publication_hides_is_only_told_where_that_is_allowed) {
  database.run("CREATE TABLE a (id int PRIMARY KEY, owner int); CREATE PUBLICATION " + quoted_publication() +
               " FOR TABLE a WHERE (id > 5) WITH (publish = 'insert, update, delete')");
  add("a", {"owner", "id"});
  const Error error = refusal();
  EXPECT_THAT(error.what, HasSubstr("does not publish every operation"));
  EXPECT_THAT(error.what, HasSubstr("row filter"));
  PgSourceOptions options = database.options();
  options.allow_partial_publication = true;
  const auto state = make_source_admin(options)->prepare(plan, {});
  EXPECT_TRUE(state) << state.error().what;
}

TEST_F(Admin, an_index_is_examined_by_itself_its_statements_included) {
  database.run(
      "CREATE TABLE a (id int PRIMARY KEY, note text, twice int GENERATED ALWAYS AS (id * 2) STORED); CREATE TABLE n "
      "(id "
      "int PRIMARY KEY); ALTER TABLE n REPLICA IDENTITY NOTHING");
  const auto examined = [&](const std::string& table, const std::string& key, const std::string& raw) {
    plan = Plan{};
    add(table, {key});
    add_root(table, {key});
    plan.indexes[0].tables = {{"public", table}};
    if (!raw.empty()) plan.indexes[0].schema.filters = std::vector<Filter>{Filter{FilterRaw{raw}, {}}};
    const Status status = make_source_admin(database.options())->examine(plan);
    return status ? std::string("fine") : status.error().code;
  };
  EXPECT_EQ(examined("a", "id", "length(note) > 1"), "fine");
  EXPECT_EQ(examined("a", "id", "length(nothing) > 1"), "pg.42703");
  EXPECT_EQ(examined("a", "twice", ""), "pg.generated_key");
  EXPECT_EQ(examined("n", "id", ""), "pg.no_identity");
  EXPECT_THAT(published(), IsEmpty());
}

TEST_F(Admin, a_slot_of_another_plugin_or_database_or_kind_is_refused) {
  database.run("CREATE TABLE a (id int PRIMARY KEY)");
  add("a", {"id"});
  database.run("SELECT pg_create_logical_replication_slot('" + database.slot() + "', 'test_decoding')");
  Error error = refusal();
  EXPECT_EQ(error.code, "pg.slot_plugin");
  EXPECT_THAT(error.what, HasSubstr("test_decoding"));
  database.run("SELECT pg_drop_replication_slot('" + database.slot() + "')");
  database.run("SELECT pg_create_physical_replication_slot('" + database.slot() + "')");
  EXPECT_THAT(refusal().what, HasSubstr("physical slot"));
  database.run("SELECT pg_drop_replication_slot('" + database.slot() + "')");

  TestDatabase elsewhere;
  ASSERT_TRUE(elsewhere.ready());
  elsewhere.run("SELECT pg_create_logical_replication_slot('" + database.slot() + "', 'pgoutput')");
  error = refusal();
  EXPECT_EQ(error.code, "pg.slot_database");
  EXPECT_THAT(error.what, HasSubstr(elsewhere.name()));
  EXPECT_THAT(published(), IsEmpty());
}

TEST_F(Admin, an_occupied_slot_is_permanent_and_names_its_holder) {
  database.run("CREATE TABLE a (id int PRIMARY KEY)");
  add("a", {"id"});
  ASSERT_TRUE(prepare());
  const auto capture = make_capture(database.options(), plan);
  ASSERT_TRUE(capture->start());
  const Error error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::permanent);
  EXPECT_EQ(error.code, "pg.slot_active");
  const Rows pid =
      database.run("SELECT active_pid FROM pg_replication_slots WHERE slot_name = '" + database.slot() + "'");
  EXPECT_THAT(error.what, HasSubstr("process " + pid.string(0, 0) + " (flusso:" + database.slot() + ":capture)"));
}

TEST_F(Admin, a_name_that_is_no_slot_name_is_configuration) {
  PgSourceOptions options = database.options();
  options.slot = "My Slot";
  const auto state = make_source_admin(options)->prepare(plan, {});
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind, ErrorKind::config);
  EXPECT_EQ(state.error().code, "pg.slot_name");
}

TEST_F(Admin, making_a_slot_waits_for_older_transactions_and_can_be_stopped) {
  database.run("CREATE TABLE a (id int PRIMARY KEY)");
  add("a", {"id"});
  auto other = test::open_url(database.url());
  ASSERT_TRUE(other);
  test::run(*other, "BEGIN");
  test::run(*other, "INSERT INTO a VALUES (1)");
  std::stop_source stop;
  auto prepared = std::async(std::launch::async,
                             [&] { return make_source_admin(database.options())->prepare(plan, stop.get_token()); });
  ASSERT_TRUE(test::eventually([&] {
    return !database
                .run("SELECT 1 FROM pg_stat_activity WHERE application_name = 'flusso:" + database.slot() +
                     ":admin' AND wait_event_type = 'Lock'")
                .empty();
  }));
  stop.request_stop();
  const auto state = prepared.get();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind, ErrorKind::cancelled);
  EXPECT_TRUE(test::eventually([&] { return !slot_exists(); }));  // nothing half-made stays
  test::run(*other, "COMMIT");
  const auto again = prepare();
  EXPECT_TRUE(again) << again.error().what;
}

TEST_F(Admin, current_wal_moves) {
  const auto admin = make_source_admin(database.options());
  const auto before = admin->current_wal();
  ASSERT_TRUE(before);
  database.run("CREATE TABLE a (id int PRIMARY KEY)");
  EXPECT_GT(*admin->current_wal(), *before);
}

TEST(AdminServer, a_server_that_cannot_decode_or_is_a_standby_is_refused_with_the_cure) {
  test::PrivateCluster cluster("wal_level=replica\nmax_replication_slots=0\n");
  ASSERT_TRUE(cluster.ready());
  PgSourceOptions options;
  options.url = Secret(cluster.url());
  const auto state = make_source_admin(options)->prepare(Plan{}, {});
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().what, HasSubstr("ALTER SYSTEM SET wal_level = logical;"));
  EXPECT_THAT(state.error().what, HasSubstr("max_replication_slots"));
  ASSERT_TRUE(cluster.stop("fast"));
  ASSERT_TRUE(cluster.become_standby());
  const auto standby = make_source_admin(options)->prepare(Plan{}, {});
  ASSERT_FALSE(standby);
  EXPECT_THAT(standby.error().what, HasSubstr("is a standby"));
}

TEST(AdminServer, a_slot_that_lost_its_wal_is_refused_with_the_cure) {
  test::PrivateCluster cluster("wal_level=logical\nmax_slot_wal_keep_size=1MB\nmin_wal_size=32MB\nmax_wal_size=32MB\n");
  ASSERT_TRUE(cluster.ready());
  auto conn = test::open_url(cluster.url());
  ASSERT_TRUE(conn);
  test::run(*conn, "SELECT pg_create_logical_replication_slot('flusso', 'pgoutput')");
  for (int i = 0; i < 8; ++i) {
    test::run(*conn, "SELECT pg_switch_wal()");
    test::run(*conn, "SELECT pg_logical_emit_message(false, 'x', 'y'); CHECKPOINT");
  }
  ASSERT_EQ(test::run(*conn, "SELECT wal_status FROM pg_replication_slots").text(0, 0), "lost");
  PgSourceOptions options;
  options.url = Secret(cluster.url());
  const auto state = make_source_admin(options)->prepare(Plan{}, {});
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, "pg.slot_lost");
  EXPECT_THAT(state.error().what, HasSubstr("max_slot_wal_keep_size"));
}

}  // namespace
}  // namespace flusso::pg
