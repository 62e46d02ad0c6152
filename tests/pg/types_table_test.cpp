// Every Postgres type under every kind of declared type, with the values at the edges, against tests/golden/types: one
// document however a row is reached, whoever asks.

#include <gtest/gtest.h>

#include "tests/pg/type_tables.h"

namespace flusso::pg {
namespace {

using test::TestDatabase;
using test::TypeTables;

TEST(TypesTable, every_case_gives_its_json_live_and_in_a_seed_alone_in_arrays_relations_and_aggregates) {
  TestDatabase database;
  ASSERT_TRUE(database.ready());
  const TypeTables tables(database.conn());
  tables.check(database.options());
}

// Everything a role or a database may have set that could change how a value is written, read or ordered.
constexpr const char* kHostile[] = {"DateStyle = 'German, DMY'",
                                    "IntervalStyle = 'sql_standard'",
                                    "TimeZone = 'Asia/Kathmandu'",
                                    "timezone_abbreviations = 'Australia'",
                                    "extra_float_digits = -15",
                                    "bytea_output = 'escape'",
                                    "client_encoding = 'LATIN1'",
                                    "lc_monetary = 'POSIX'",
                                    "lc_numeric = 'POSIX'",
                                    "lc_time = 'POSIX'",
                                    "standard_conforming_strings = off",
                                    "escape_string_warning = on",
                                    "backslash_quote = off",
                                    "array_nulls = off",
                                    "transform_null_equals = on",
                                    "quote_all_identifiers = on",
                                    "xmloption = 'document'",
                                    "xmlbinary = 'hex'",
                                    "search_path = decoys, pg_catalog, public",
                                    "row_security = on",
                                    "default_transaction_isolation = 'serializable'",
                                    "default_transaction_deferrable = on",
                                    "default_transaction_read_only = on",
                                    "statement_timeout = '1ms'",
                                    "lock_timeout = '1ms'",
                                    "idle_in_transaction_session_timeout = '1ms'",
                                    "idle_session_timeout = '1ms'",
                                    "jit = on",
                                    "jit_above_cost = 0",
                                    "force_parallel_mode = on",
                                    "gin_fuzzy_search_limit = 1",
                                    "enable_indexscan = off",
                                    "enable_indexonlyscan = off",
                                    "enable_nestloop = off",
                                    "enable_sort = off",
                                    "enable_hashagg = off",
                                    "enable_material = off",
                                    "join_collapse_limit = 1",
                                    "work_mem = '64kB'",
                                    "default_text_search_config = 'pg_catalog.german'",
                                    "plan_cache_mode = 'force_custom_plan'"};

// Functions that this search_path finds before the built-in ones.
constexpr const char* kDecoys =
    "CREATE SCHEMA decoys; GRANT USAGE ON SCHEMA decoys TO PUBLIC; "
    "CREATE FUNCTION decoys.to_json(anyelement) RETURNS json LANGUAGE sql AS $$ SELECT '0'::json $$; "
    "CREATE FUNCTION decoys.octet_length(text) RETURNS int LANGUAGE sql AS $$ SELECT 0 $$";

class HostileSettings : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(database.ready()); }
  void TearDown() override {
    if (!database.ready()) return;
    database.run("DROP OWNED BY " + role() + "; DROP ROLE " + role());
  }
  std::string role() const { return database.name() + "_odd"; }
  void make_role() {
    database.run(kDecoys);
    database.run("CREATE ROLE " + role() + " LOGIN PASSWORD 'p'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO " +
                 role());
  }
  // A server without a setting cannot be harmed by it.
  void alter(const std::string& whom) {
    for (const char* setting : kHostile) {
      const auto done = database.conn().exec("ALTER " + whom + " SET " + setting);
      EXPECT_EQ(done ? "pg.42704" : done.error().code, "pg.42704") << setting;
    }
  }
  PgSourceOptions as_role() const {
    PgSourceOptions options = database.options();
    options.url = Secret(database.url_as(role(), "p"));
    return options;
  }
  TestDatabase database;
};

TEST_F(HostileSettings, of_a_role_change_no_document) {
  const TypeTables tables(database.conn());
  make_role();
  alter("ROLE " + role());
  tables.check(as_role());
}

TEST_F(HostileSettings, of_a_database_change_no_document) {
  const TypeTables tables(database.conn());
  make_role();
  alter("DATABASE " + database.name());
  tables.check(as_role());
}

TEST_F(HostileSettings, of_a_role_in_a_database_change_no_document) {
  const TypeTables tables(database.conn());
  make_role();
  alter("ROLE " + role() + " IN DATABASE " + database.name());
  tables.check(as_role());
}

class MoneyLocale : public HostileSettings {
 protected:
  std::string locale_of(const std::string& url) {
    auto conn = test::open_url(url);
    if (!conn) {
      ADD_FAILURE() << conn.error().what;
      return {};
    }
    return test::run(*conn, "SHOW lc_monetary").string(0, 0);
  }
};

TEST_F(MoneyLocale, is_the_databases_whatever_the_role_says) {
  make_role();
  database.run("ALTER DATABASE " + database.name() + " SET lc_monetary = 'C'; ALTER ROLE " + role() +
               " SET lc_monetary = 'POSIX'");
  EXPECT_EQ(locale_of(as_role().url.reveal()), "C");
  database.run("ALTER ROLE " + role() + " IN DATABASE " + database.name() + " SET lc_monetary = 'POSIX'");
  EXPECT_EQ(locale_of(as_role().url.reveal()), "C");
}

TEST_F(MoneyLocale, is_the_servers_where_the_database_says_nothing) {
  make_role();
  const std::string servers = locale_of(as_role().url.reveal());
  database.run("ALTER ROLE " + role() + " SET lc_monetary = 'POSIX'; GRANT SELECT ON pg_file_settings TO " + role() +
               "; GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO " + role());
  auto conn = test::open_url(as_role().url.reveal());
  ASSERT_TRUE(conn) << conn.error().what;
  EXPECT_EQ(test::run(*conn, "SHOW lc_monetary").string(0, 0), servers);
  EXPECT_TRUE(conn->knows_money_locale());
}

TEST_F(MoneyLocale, of_a_server_that_may_not_be_read_is_not_guessed_silently) {
  make_role();
  database.run("ALTER ROLE " + role() + " SET lc_monetary = 'POSIX'");
  auto conn = test::open_url(as_role().url.reveal());
  ASSERT_TRUE(conn) << conn.error().what;
  EXPECT_EQ(test::run(*conn, "SHOW lc_monetary").string(0, 0), "C");
  EXPECT_FALSE(conn->knows_money_locale());
}

TEST_F(MoneyLocale, of_the_connection_url_is_the_operators_choice) {
  make_role();
  database.run("ALTER DATABASE " + database.name() + " SET lc_monetary = 'C.UTF-8'; ALTER ROLE " + role() +
               " SET lc_monetary = 'C.UTF-8'");
  EXPECT_EQ(locale_of(test::with_option(as_role().url.reveal(), "options=-c%20lc_monetary%3DPOSIX")), "POSIX");
}

}  // namespace
}  // namespace flusso::pg
