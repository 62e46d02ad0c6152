// The pure texts of io/pg: quoting, SQLSTATE kinds, connection words, snapshots.
#include <gtest/gtest.h>

#include "io/pg/conninfo.h"
#include "io/pg/pg_visibility.h"
#include "io/pg/publication.h"
#include "io/pg/quote.h"
#include "io/pg/slot.h"
#include "io/pg/sqlstate.h"

namespace flusso::pg {
namespace {

TEST(Quote, identifiers_are_always_quoted_and_quotes_doubled) {
  EXPECT_EQ(quote_identifier("users"), "\"users\"");
  EXPECT_EQ(quote_identifier("We ird\"Na.me"), "\"We ird\"\"Na.me\"");
  EXPECT_EQ(quote_identifier(std::string_view("a\0b", 3)), "\"ab\"");
  EXPECT_EQ(quote_table({"s\"x", "t"}), "\"s\"\"x\".\"t\"");
}

TEST(Quote, literals_double_quotes_and_escape_backslashes) {
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\b'c"), " E'a\\\\b''c'");
  EXPECT_EQ(quote_replication_option("a'b\\c"), "'a''b\\c'");
}

TEST(Quote, lists_keep_their_members_apart) {
  EXPECT_EQ(quote_identifier_list({"a,b", "c\""}), "\"a,b\",\"c\"\"\"");
  EXPECT_EQ(array_text({"a,b", "c\"\\", ""}), "{\"a,b\",\"c\\\"\\\\\",\"\"}");
  EXPECT_EQ(array_text({}), "{}");
}

TEST(SqlState, what_passes_by_itself_is_transient) {
  for (const char* state :
       {"08006", "08001", "57P01", "57P02", "57P03", "53300", "40001", "40P01", "55P03", "57014", "55006"})
    EXPECT_EQ(kind_of_sqlstate(state), ErrorKind::transient) << state;
}

TEST(SqlState, a_wrong_login_or_database_is_configuration) {
  for (const char* state : {"28P01", "28000", "3D000"}) EXPECT_EQ(kind_of_sqlstate(state), ErrorKind::config) << state;
}

TEST(SqlState, what_somebody_must_repair_is_permanent) {
  for (const char* state : {"42P01", "42501", "3F000", "22012", "0A000", "57P04", "XX000", "", "nonsense"})
    EXPECT_EQ(kind_of_sqlstate(state), ErrorKind::permanent) << state;
}

TEST(SqlState, errors_of_values_are_told_from_errors_of_statements) {
  for (const char* state : {"22P02", "21000", "54001", "P0001"})
    EXPECT_TRUE(is_data_error(Error{ErrorKind::permanent, code_of_sqlstate(state), ""})) << state;
  for (const char* state : {"42703", "57014", "P0002"})
    EXPECT_FALSE(is_data_error(Error{ErrorKind::permanent, code_of_sqlstate(state), ""})) << state;
}

std::string value_of(const ConnInfo& info, std::string_view keyword) {
  for (std::size_t i = 0; i < info.keywords.size(); ++i)
    if (info.keywords[i] == keyword) return info.values[i];
  return "<absent>";
}

TEST(ConnInfo, pinned_settings_come_after_those_of_the_url) {
  ConnParams params;
  params.url = Secret("postgres://u:p@h/db?options=-c%20DateStyle%3DGerman&sslmode=require");
  params.application_name = "flusso:s:lane";
  const auto info = conninfo_of(params);
  ASSERT_TRUE(info);
  const std::string options = value_of(*info, "options");
  EXPECT_EQ(options.find("-c DateStyle=German"), 0u);
  EXPECT_GT(options.find("-c DateStyle=ISO,MDY"), options.find("German"));
  EXPECT_EQ(value_of(*info, "sslmode"), "require");
  EXPECT_EQ(value_of(*info, "replication"), "<absent>");
  EXPECT_EQ(value_of(*info, "application_name"), "flusso:s:lane");
}

TEST(ConnInfo, a_url_that_a_raw_character_of_the_password_cuts_is_refused_without_a_word_of_it) {
  for (const char* url : {"postgres://u:hun@ter@h/db", "postgres://u:hun/ter@h/db", "postgresql://u:hun/t@er@h:1/db",
                          "postgres://u:hun/ter@h/db?sslmode=require"}) {
    ConnParams params;
    params.url = Secret(url);
    const auto info = conninfo_of(params);
    ASSERT_FALSE(info) << url;
    EXPECT_EQ(info.error().code, "pg.url");
    EXPECT_EQ(info.error().what.find("hun"), std::string::npos);
  }
  for (const char* url :
       {"postgres://u:p%40%2F@h/db", "postgres://h/db?user=a@b", "postgres://h/db", "host=h user=a@b"}) {
    ConnParams params;
    params.url = Secret(url);
    EXPECT_TRUE(conninfo_of(params)) << url;
  }
}

TEST(ConnInfo, a_replication_connection_uses_the_same_options) {
  ConnParams params;
  params.url = Secret("postgres://u:p@h/db?sslmode=verify-full&sslrootcert=/ca");
  params.replication = true;
  const auto info = conninfo_of(params);
  ASSERT_TRUE(info);
  EXPECT_EQ(value_of(*info, "replication"), "database");
  EXPECT_EQ(value_of(*info, "sslmode"), "verify-full");
  EXPECT_EQ(value_of(*info, "sslrootcert"), "/ca");
  EXPECT_NE(value_of(*info, "options").find("extra_float_digits=3"), std::string::npos);
}

TEST(ConnInfo, blanks_and_backslashes_in_settings_stay_inside_their_value) {
  ConnParams params;
  params.search_path = "pg_catalog, \"a\\b\"";
  EXPECT_NE(startup_options(params).find("search_path=pg_catalog,\\ \"a\\\\b\""), std::string::npos);
}

TEST(ConnInfo, a_url_that_is_none_is_not_repeated) {
  ConnParams params;
  params.url = Secret("postgres://user:hunter2@host:port:x/db?nonsense=1");
  const auto info = conninfo_of(params);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, "pg.url");
  EXPECT_EQ(info.error().what.find("hunter2"), std::string::npos);
}

TEST(ConnInfo, the_sqlstate_is_found_in_verbose_messages_only) {
  EXPECT_EQ(
      sqlstate_in("connection to server at \"h\", port 1 failed: FATAL:  28P01: password authentication failed\n"),
      "28P01");
  EXPECT_EQ(sqlstate_in("connection to server failed: Connection refused"), "");
  EXPECT_EQ(sqlstate_in("FATAL:  ab"), "");
}

TEST(Snapshot, lists_of_running_transactions_are_read) {
  const auto plain = parse_snapshot("727:727:");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->xmin, 727u);
  EXPECT_EQ(plain->xmax, 727u);
  EXPECT_TRUE(plain->xip.empty());
  const auto busy = parse_snapshot("4294967300:4294967310:4294967300,4294967305");
  ASSERT_TRUE(busy);
  EXPECT_EQ(busy->xip, (std::vector<std::uint64_t>{4294967300, 4294967305}));
}

TEST(Snapshot, other_texts_are_errors) {
  for (const char* text : {"", "1", "1:2", "a:b:", "1:2:x", "1:2:4,3", "1:2:3:4", "-1:2:"})
    EXPECT_FALSE(parse_snapshot(text)) << text;
}

TEST(SlotName, only_what_postgres_allows_passes) {
  EXPECT_TRUE(check_slot_name("flusso_2"));
  for (const std::string& name :
       {std::string(), std::string("Flusso"), std::string("a-b"), std::string("a'b"), std::string(64, 'a')})
    EXPECT_FALSE(check_slot_name(name)) << name;
}

TEST(Publication, the_covering_statement_quotes_every_name) {
  EXPECT_EQ(covering_sql("p\"x", false, {{"s", "A b"}, {"s", "c"}}),
            "CREATE PUBLICATION \"p\"\"x\" FOR TABLE \"s\".\"A b\", \"s\".\"c\";");
  EXPECT_EQ(covering_sql("p", true, {{"s", "c"}}), "ALTER PUBLICATION \"p\" ADD TABLE \"s\".\"c\";");
}

}  // namespace
}  // namespace flusso::pg
