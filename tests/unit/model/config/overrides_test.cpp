#include "model/config/overrides.h"

#include <gtest/gtest.h>

#include <map>

namespace flusso {
namespace {

using Environment = std::map<std::string, std::string>;

EnvLookup lookup_in(Environment environment) {
  return [environment = std::move(environment)](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(std::string(name));
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
}

EnvOrValue literal(std::string text) { return Secret(std::move(text)); }
EnvOrValue env(std::string name) { return EnvReference{std::move(name)}; }

SourceConfig source_with(EnvOrValue url) {
  SourceConfig source;
  source.connection_url = std::move(url);
  return source;
}

std::string url_of(const Result<ResolvedSource>& source) { return source ? source->url.reveal() : source.error().what; }

TEST(ResolveSource, an_explicit_reference_wins_over_the_reserved_variable) {
  const auto source =
      resolve_source(source_with(env("MY_DB")),
                     lookup_in({{"MY_DB", "postgres://a@h/mine"}, {"DATABASE_URL", "postgres://a@h/other"}}));
  EXPECT_EQ(url_of(source), "postgres://a@h/mine");
  EXPECT_TRUE(source->overrides.empty());
}

TEST(ResolveSource, an_unset_reference_is_an_error_that_names_variable_and_place) {
  const auto source = resolve_source(source_with(env("MY_DB")), lookup_in({{"DATABASE_URL", "postgres://a@h/other"}}));
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, "config.env_unset");
  EXPECT_EQ(source.error().kind, ErrorKind::config);
  EXPECT_NE(source.error().what.find("MY_DB"), std::string::npos);
  EXPECT_NE(source.error().what.find("connection_url"), std::string::npos);
}

TEST(ResolveSource, the_reserved_variable_wins_over_a_literal_and_is_listed) {
  const auto source = resolve_source(source_with(literal("postgres://a@h/file")),
                                     lookup_in({{"DATABASE_URL", " postgresql://a@h/env\n"}}));
  EXPECT_EQ(url_of(source), "postgresql://a@h/env");
  EXPECT_EQ(source->overrides, std::vector<std::string>{"DATABASE_URL"});
}

TEST(ResolveSource, the_reserved_variable_wins_over_parts_even_with_an_unset_password) {
  SourceConfig config;
  ConnectionParts parts;
  parts.database = "d";
  parts.password = env("NOT_SET");
  config.connection_url = parts;
  EXPECT_EQ(url_of(resolve_source(config, lookup_in({{"DATABASE_URL", "postgres://a@h/env"}}))), "postgres://a@h/env");
  const auto without = resolve_source(config, lookup_in({}));
  ASSERT_FALSE(without);
  EXPECT_NE(without.error().what.find("NOT_SET"), std::string::npos);
}

TEST(ResolveSource, an_empty_reserved_variable_counts_as_unset) {
  EXPECT_EQ(url_of(resolve_source(source_with(literal("postgres://a@h/file")), lookup_in({{"DATABASE_URL", ""}}))),
            "postgres://a@h/file");
}

TEST(ResolveSource, nothing_at_all_is_an_error_that_names_the_cure) {
  const auto source = resolve_source(SourceConfig{}, lookup_in({}));
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, "config.connection_missing");
  EXPECT_NE(source.error().what.find("DATABASE_URL"), std::string::npos);
}

TEST(ResolveSource, parts_are_percent_encoded) {
  SourceConfig config;
  ConnectionParts parts;
  parts.host = "db";
  parts.port = 6543;
  parts.user = "us:er@x";
  parts.password = literal("p@ss/w?rd#%:ü");
  parts.database = "my db";
  config.connection_url = parts;
  const auto source = resolve_source(config, lookup_in({}));
  EXPECT_EQ(url_of(source), "postgresql://us%3Aer%40x:p%40ss%2Fw%3Frd%23%25%3A%C3%BC@db:6543/my%20db");
  EXPECT_EQ(source->description, "us:er@x@db:6543/my db");
}

TEST(ResolveSource, hosts_may_be_ipv6_addresses_or_socket_folders) {
  SourceConfig config;
  ConnectionParts parts;
  parts.database = "d";
  parts.host = "::1";
  config.connection_url = parts;
  EXPECT_EQ(url_of(resolve_source(config, lookup_in({}))), "postgresql://postgres@[::1]:5432/d");
  parts.host = "/var/run/postgresql";
  config.connection_url = parts;
  EXPECT_EQ(url_of(resolve_source(config, lookup_in({}))), "postgresql://postgres@%2Fvar%2Frun%2Fpostgresql:5432/d");
}

TEST(ResolveSource, a_value_that_is_no_postgres_url_is_refused_without_showing_it) {
  for (const char* value : {"mysql://u:hunter2@h/d", "hunter2", "postgres://", "postgres://u:hunter2@h/d x", ""}) {
    const auto source = resolve_source(source_with(env("MY_DB")), lookup_in({{"MY_DB", value}}));
    ASSERT_FALSE(source) << value;
    EXPECT_EQ(source.error().code, "config.bad_url");
    EXPECT_NE(source.error().what.find("MY_DB"), std::string::npos);
    EXPECT_EQ(source.error().what.find("hunter2"), std::string::npos);
  }
}

TEST(ResolveSource, descriptions_never_hold_a_password) {
  for (const char* url :
       {"postgres://app:hunter2@h:5432/d", "postgres://app:hun@ter2@h/d?sslmode=require", "postgres://app:hun/ter2@h/d",
        "postgres://h/d?user=app&password=hunter2", "postgres://app:hun?ter2@h/d", "postgres://app:hun#ter2@h"}) {
    const auto source = resolve_source(source_with(literal(url)), lookup_in({}));
    ASSERT_TRUE(source);
    EXPECT_EQ(source->description.find("ter2"), std::string::npos) << source->description;
    EXPECT_EQ(source->description.find("hun"), std::string::npos) << source->description;
  }
}

TEST(ResolveOpenSearch, reserved_variables_carry_the_upper_case_name_of_the_sink) {
  EXPECT_EQ(reserved_variable("primary_2", "URL"), "PRIMARY_2_OPENSEARCH_URL");
}

TEST(ResolveOpenSearch, the_reserved_variables_fill_and_override) {
  OpenSearchSinkConfig sink;
  sink.url = literal("https://file:9200");
  const auto resolved = resolve_opensearch("primary", sink,
                                           lookup_in({{"PRIMARY_OPENSEARCH_URL", "https://env:9200/"},
                                                      {"PRIMARY_OPENSEARCH_USERNAME", "writer"},
                                                      {"PRIMARY_OPENSEARCH_PASSWORD", "hunter2"},
                                                      {"OTHER_OPENSEARCH_URL", "https://other:9200"}}));
  ASSERT_TRUE(resolved) << resolved.error().what;
  EXPECT_EQ(resolved->url, "https://env:9200");
  EXPECT_EQ(resolved->username->reveal(), "writer");
  EXPECT_EQ(resolved->password->reveal(), "hunter2");
  EXPECT_EQ(resolved->overrides, (std::vector<std::string>{"PRIMARY_OPENSEARCH_URL", "PRIMARY_OPENSEARCH_USERNAME",
                                                           "PRIMARY_OPENSEARCH_PASSWORD"}));
}

TEST(ResolveOpenSearch, explicit_references_win_and_must_be_set) {
  OpenSearchSinkConfig sink;
  sink.url = env("SEARCH");
  sink.username = literal("file");
  const auto resolved = resolve_opensearch(
      "primary", sink, lookup_in({{"SEARCH", "http://mine:9200"}, {"PRIMARY_OPENSEARCH_URL", "http://env:9200"}}));
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->url, "http://mine:9200");
  EXPECT_EQ(resolved->username->reveal(), "file");
  EXPECT_EQ(resolved->password->reveal(), "");
  EXPECT_TRUE(resolved->overrides.empty());
  const auto unset = resolve_opensearch("primary", sink, lookup_in({{"PRIMARY_OPENSEARCH_URL", "http://env:9200"}}));
  ASSERT_FALSE(unset);
  EXPECT_EQ(unset.error().code, "config.env_unset");
  EXPECT_NE(unset.error().what.find("SEARCH"), std::string::npos);
  EXPECT_NE(unset.error().what.find("[sinks.primary] url"), std::string::npos);
}

TEST(ResolveOpenSearch, a_sink_without_address_names_its_reserved_variable) {
  const auto resolved = resolve_opensearch("primary", OpenSearchSinkConfig{}, lookup_in({}));
  ASSERT_FALSE(resolved);
  EXPECT_NE(resolved.error().what.find("PRIMARY_OPENSEARCH_URL"), std::string::npos);
}

TEST(ResolveOpenSearch, user_and_password_inside_the_address_are_taken_out) {
  OpenSearchSinkConfig sink;
  sink.url = literal("https://us%40er:hun%2Fter2@search:9200/base/");
  const auto resolved = resolve_opensearch("s", sink, lookup_in({}));
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->url, "https://search:9200/base");
  EXPECT_EQ(resolved->username->reveal(), "us@er");
  EXPECT_EQ(resolved->password->reveal(), "hun/ter2");
  sink.username = literal("other");
  sink.password = literal("secret");
  EXPECT_EQ(resolve_opensearch("s", sink, lookup_in({}))->username->reveal(), "other");
}

TEST(ResolveOpenSearch, a_password_without_user_is_left_out_with_a_warning) {
  OpenSearchSinkConfig sink;
  sink.url = literal("https://search:9200");
  sink.password = literal("hunter2");
  const auto resolved = resolve_opensearch("s", sink, lookup_in({}));
  ASSERT_TRUE(resolved);
  EXPECT_FALSE(resolved->username);
  EXPECT_FALSE(resolved->password);
  ASSERT_EQ(resolved->warnings.size(), 1U);
  EXPECT_EQ(resolved->warnings[0].find("hunter2"), std::string::npos);
}

TEST(ResolveOpenSearch, addresses_from_the_environment_are_checked) {
  OpenSearchSinkConfig sink;
  for (const char* url : {"search:9200", "ftp://search", "http://", "http://a b", "https://:9200"}) {
    const auto resolved = resolve_opensearch("s", sink, lookup_in({{"S_OPENSEARCH_URL", url}}));
    ASSERT_FALSE(resolved) << url;
    EXPECT_EQ(resolved.error().code, "config.bad_url");
  }
}

TEST(ResolvePrefix, the_given_one_wins_and_is_checked) {
  EXPECT_EQ(resolve_prefix("dev_", std::nullopt), "dev_");
  EXPECT_EQ(resolve_prefix("dev_", "prod_"), "prod_");
  EXPECT_EQ(resolve_prefix("dev_", ""), "");
  EXPECT_EQ(resolve_prefix("", std::string(50, 'a')), std::string(50, 'a'));
  for (const char* prefix : {"Dev", "_dev", "-dev", "+dev", "a b", "a,b", "a:b", "a\"b", "a*b", "a+b", "a/b", "a\\b",
                             "a|b", "a?b", "a#b", "a<b", "a>b"})
    EXPECT_FALSE(resolve_prefix("", prefix)) << prefix;
  EXPECT_FALSE(resolve_prefix("", std::string(51, 'a')));
}

}  // namespace
}  // namespace flusso
