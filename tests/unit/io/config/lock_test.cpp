// What a lock keeps: everything that a run depends on, in bytes that depend on nothing else.

#include <gtest/gtest.h>

#include <cstdlib>

#include "io/config/check_report.h"
#include "io/config/literal_secrets.h"
#include "model/mapping/content_hash.h"
#include "model/mapping/derive.h"
#include "tests/support/files.h"
#include "tests/unit/io/config/config_text.h"
#include "tests/unit/io/config/lock_support.h"

namespace flusso::config {
namespace {

namespace fs = std::filesystem;

void expect_same_run(const Config& from_files, const Config& from_lock) {
  EXPECT_EQ(text_of(from_files), text_of(from_lock));
  EXPECT_EQ(render_check(from_files, "flusso.toml", false), render_check(from_lock, "flusso.toml", false));
  ASSERT_EQ(from_files.indexes.size(), from_lock.indexes.size());
  for (std::size_t i = 0; i < from_files.indexes.size(); ++i)
    EXPECT_EQ(content_hash(from_files.indexes[i].schema), content_hash(from_lock.indexes[i].schema));
}

Config through_a_lock(const Documents& documents) {
  auto config = read_lock(lock_of(documents), "flusso.lock");
  EXPECT_TRUE(config) << (config ? "" : config.error().what);
  return config ? std::move(*config) : Config{};
}

TEST(Lock, every_good_configuration_comes_back_as_it_went_in) {
  const auto paths = test::files_in("tests/corpus/good/config", ".toml");
  ASSERT_GE(paths.size(), 4U);
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    const Loaded files = loaded(path);
    ASSERT_TRUE(files.config);
    expect_same_run(*files.config, through_a_lock(files.documents));
  }
}

TEST(Lock, every_good_schema_comes_back_with_its_hash_and_its_mapping) {
  const auto paths = test::files_in("tests/corpus/good/schema", ".schema.yml");
  ASSERT_GE(paths.size(), 5U);
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    const LoadedSchema file = load_schema(path);
    ASSERT_TRUE(file.schema);
    const Config config = through_a_lock(documents_with(*yaml(test::read_file(path))));
    ASSERT_EQ(config.indexes.size(), 1U);
    const IndexSchema& schema = config.indexes[0].schema;
    EXPECT_EQ(text_of(*file.schema), text_of(schema));
    EXPECT_EQ(content_hash(*file.schema), content_hash(schema));
    Config written;
    written.indexes.push_back(config.indexes[0]);
    written.indexes[0].schema = *file.schema;
    expect_same_run(written, Config{{}, {}, config.indexes, {}, {}, {}});
  }
}

TEST(Lock, the_demo_deployment_comes_back_too) {
  const Loaded files = loaded(test::source_path("dev/flusso.toml"));
  ASSERT_TRUE(files.config);
  EXPECT_EQ(files.config->indexes.size(), 3U);
  expect_same_run(*files.config, through_a_lock(files.documents));
}

TEST(Lock, equal_files_give_equal_bytes_wherever_they_lie) {
  const std::string source = kCorpus + "good/config/everything.toml";
  const std::string bytes = lock_of(loaded(source).documents);
  EXPECT_EQ(lock_of(loaded(source).documents), bytes);
  const Folder copy;
  fs::create_directories(copy.path() + "/deep");
  fs::copy(kCorpus + "good", copy.path() + "/deep/er", fs::copy_options::recursive);
  const fs::path before = fs::current_path();
  fs::current_path(copy.path() + "/deep/er/config");
  const std::string moved = lock_of(loaded("everything.toml").documents);
  fs::current_path("..");
  const std::string from_above = lock_of(loaded("./config/../config/everything.toml").documents);
  fs::current_path(before);
  EXPECT_EQ(moved, bytes);
  EXPECT_EQ(from_above, bytes);
}

TEST(Lock, comments_and_layout_do_not_reach_it) {
  const Folder folder;
  const std::string toml =
      "[source]\ntype = \"postgres\"\n[[index]]\nname = \"a\"\nschema = \"a.yml\"\nenabled = true\n";
  folder.write("a.yml", "version: 1\ntable: users\nfields:\n  - keyword: email\n");
  const std::string plain = lock_of(loaded(folder.write("f.toml", toml)).documents);
  folder.write("a.yml", "# hunter2\n{version: 1, table: 'users', fields: [{keyword: email}]}\n");
  EXPECT_EQ(lock_of(loaded(folder.write("g.toml", "# hunter2\n\n" + toml)).documents), plain);
  folder.write("a.yml", "version: 1\ntable: users\nfields:\n  - keyword: mail\n");
  EXPECT_NE(lock_of(loaded(folder.write("f.toml", toml)).documents), plain);
}

// The bytes of format 1. When they change, locks that were made before can no longer be read: raise kLockFormat.
TEST(Lock, the_bytes_of_the_format_stay_as_they_are) {
  const std::string golden = test::source_path("tests/unit/io/config/golden/everything.lock.bin");
  const Loaded files = loaded(kCorpus + "good/config/everything.toml");
  const std::string bytes = lock_of(files.documents, "0.1.0");
  if (std::getenv("FLUSSO_UPDATE_CORPUS") != nullptr) std::ofstream(golden, std::ios::binary) << bytes;
  EXPECT_TRUE(bytes == test::read_file(golden))
      << bytes.size() << " bytes instead of " << test::read_file(golden).size();
  const auto old = read_lock(test::read_file(golden), golden);
  ASSERT_TRUE(old) << old.error().what;
  expect_same_run(*files.config, *old);
}

TEST(Lock, secrets_stay_references_and_no_variable_is_read) {
  const Folder folder;
  ::setenv("FLUSSO_TEST_LOCK_SECRET", "hunter2", 1);
  const Loaded files =
      loaded(folder.write("f.toml",
                          "[source]\ntype = \"postgres\"\nconnection_url = { env = \"FLUSSO_TEST_LOCK_SECRET\" }\n"
                          "[sinks.s]\ntype = \"opensearch\"\npassword = { env = \"FLUSSO_TEST_LOCK_SECRET\" }\n"));
  const std::string bytes = lock_of(files.documents);
  ::unsetenv("FLUSSO_TEST_LOCK_SECRET");
  EXPECT_EQ(bytes.find("hunter2"), std::string::npos);
  const Config config = through_a_lock(files.documents);
  EXPECT_EQ(std::get<EnvReference>(std::get<EnvOrValue>(config.source.connection_url)).variable,
            "FLUSSO_TEST_LOCK_SECRET");
  EXPECT_TRUE(literal_secrets(config).empty());
}

TEST(Lock, literals_are_carried_as_they_are_and_told) {
  const Loaded files = loaded(kCorpus + "good/config/literal_secrets.toml");
  const Config config = through_a_lock(files.documents);
  EXPECT_EQ(text_of(config), text_of(*files.config));
  EXPECT_FALSE(literal_secrets(config).empty());
  for (const std::string& place : literal_secrets(config)) EXPECT_EQ(place.find("hunter2"), std::string::npos) << place;
}

TEST(Lock, a_url_is_told_only_for_its_password) {
  Config config;
  const auto places = [&](const char* source, const char* sink) {
    config.source.connection_url = EnvOrValue(Secret(source));
    OpenSearchSinkConfig opensearch;
    opensearch.url = Secret(sink);
    config.sinks = {SinkConfig{"s", opensearch, {}}};
    return literal_secrets(config).size();
  };
  EXPECT_EQ(places("postgres://user@host/db", "http://host:9200"), 0U);
  EXPECT_EQ(places("postgres://user:pw@host/db", "http://host:9200"), 1U);
  EXPECT_EQ(places("postgres://host/db?user=u&password=pw", "http://host:9200"), 1U);
  EXPECT_EQ(places("postgres://host/db", "https://u:pw@host"), 1U);
  EXPECT_EQ(places("postgres://host:5432/a@b", "https://host/a:b@c"), 0U);
}

TEST(Lock, odd_values_keep_their_kind) {
  const std::string yaml_text =
      "version: 1\ntable: t\nprimary_key: id\nfilters: []\nfields:\n"
      "  - {long: id}\n"
      "  - {constant: a, value: {z: 1, a: [1.50, 1e400, 123456789012345678901234567890, \"1\", ~, true, "
      "-9223372036854775808]}}\n"
      "  - {constant: b}\n"
      "  - {keyword: key, column: '\"Sp ace\"'}\n";
  const IndexSchema schema = schema_of(yaml_text);
  const Config config = through_a_lock(documents_with(*yaml(yaml_text)));
  ASSERT_EQ(config.indexes.size(), 1U);
  EXPECT_EQ(text_of(config.indexes[0].schema), text_of(schema));
  EXPECT_EQ(to_json(std::get<ConstantField>(config.indexes[0].schema.fields[1].source).value),
            R"({"z":1,"a":[1.50,1e400,123456789012345678901234567890,"1",null,true,-9223372036854775808]})");
}

}  // namespace
}  // namespace flusso::config
