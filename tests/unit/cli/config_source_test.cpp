#include "cli/config_source.h"
#include "tests/support/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/io/config/lock_support.h"

namespace flusso::cli {
namespace {

namespace fs = std::filesystem;

// A test's own folder, which is the working folder while it runs.
class ConfigSource : public ::testing::Test {
 protected:
  ConfigSource() : before_(fs::current_path()) {
    folder_.write("users.schema.yml", "version: 1\ntable: users\nprimary_key: id\nfields:\n  - keyword: email\n");
    fs::current_path(folder_.path());
  }
  ~ConfigSource() override { fs::current_path(before_); }

  void write_config(const std::string& name, const std::string& prefix) {
    folder_.write(name, "prefix = \"" + prefix +
                            "\"\n[source]\ntype = \"postgres\"\nconnection_url = { env = \"DB\" }\n"
                            "[[index]]\nname = \"users\"\nschema = \"users.schema.yml\"\nenabled = true\n");
  }
  void write_lock(const std::string& name, const std::string& prefix) {
    write_config("for-the-lock.toml", prefix);
    const auto compiled = compile("for-the-lock.toml");
    ASSERT_TRUE(compiled) << compiled.error().what;
    folder_.write(name, compiled->lock);
    fs::remove("for-the-lock.toml");
  }
  // The prefix in force and where it came from, or the error's code.
  static std::string obtained(const ConfigChoice& choice) {
    const auto got = obtain_config(choice);
    if (!got) return got.error().code;
    EXPECT_EQ(got->config.indexes.size(), 1U);
    return got->config.prefix + " from " + got->origin;
  }
  static std::string prefix_in(const std::string& lock) {
    const auto config = config::read_lock(test::read_file(lock), lock);
    return config ? config->prefix : config.error().code;
  }

  config::Folder folder_;

 private:
  fs::path before_;
};

TEST_F(ConfigSource, the_file_in_this_folder_is_compiled_and_the_lock_renewed) {
  write_lock("flusso.lock", "old");
  write_config("flusso.toml", "new");
  EXPECT_EQ(obtained({}), "new from flusso.toml");
  EXPECT_EQ(prefix_in("flusso.lock"), "new");
}

TEST_F(ConfigSource, a_named_file_is_compiled_into_the_named_lock) {
  write_config("flusso.toml", "default");
  write_config("other.toml", "other");
  EXPECT_EQ(obtained({"other.toml", "other.lock", false}), "other from other.toml");
  EXPECT_EQ(prefix_in("other.lock"), "other");
  EXPECT_FALSE(fs::exists("flusso.lock"));
}

TEST_F(ConfigSource, a_named_file_that_is_missing_is_an_error_even_beside_a_lock) {
  write_lock("flusso.lock", "locked");
  const auto got = obtain_config({"nowhere.toml", {}, false});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, "config.missing");
  EXPECT_NE(got.error().what.find("nowhere.toml"), std::string::npos);
}

TEST_F(ConfigSource, without_a_file_the_lock_runs) {
  write_lock("flusso.lock", "locked");
  EXPECT_EQ(obtained({}), "locked from flusso.lock");
  write_lock("elsewhere.lock", "elsewhere");
  EXPECT_EQ(obtained({{}, "elsewhere.lock", false}), "elsewhere from elsewhere.lock");
}

TEST_F(ConfigSource, without_either_both_are_named) {
  const auto got = obtain_config({});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, "config.missing");
  for (const char* word : {"flusso.toml", "flusso.lock", "--config", "--lock"})
    EXPECT_NE(got.error().what.find(word), std::string::npos) << got.error().what;
}

TEST_F(ConfigSource, locked_looks_at_no_file_and_writes_nothing) {
  write_lock("flusso.lock", "locked");
  folder_.write("flusso.toml", "this is no TOML");
  const std::string before = test::read_file("flusso.lock");
  EXPECT_EQ(obtained({{}, {}, true}), "locked from flusso.lock");
  EXPECT_EQ(obtained({"flusso.toml", {}, true}), "locked from flusso.lock");
  EXPECT_EQ(test::read_file("flusso.lock"), before);
  fs::remove("flusso.lock");
  EXPECT_EQ(obtained({{}, {}, true}), "config.lock_missing");
}

TEST_F(ConfigSource, a_mistake_in_the_files_does_not_fall_back_to_the_lock) {
  write_lock("flusso.lock", "locked");
  folder_.write("flusso.toml", "this is no TOML");
  EXPECT_EQ(obtained({}), "config.invalid");
  EXPECT_EQ(prefix_in("flusso.lock"), "locked");
  fs::remove("flusso.toml");
  fs::create_symlink("gone.toml", "flusso.toml");
  EXPECT_EQ(obtained({}), "config.invalid");
}

TEST_F(ConfigSource, a_damaged_lock_is_not_run) {
  write_lock("flusso.lock", "locked");
  folder_.write("flusso.lock", test::read_file("flusso.lock").substr(0, 200));
  EXPECT_EQ(obtained({}), "config.lock_damaged");
  EXPECT_EQ(obtained({{}, {}, true}), "config.lock_damaged");
  write_config("flusso.toml", "new");
  EXPECT_EQ(obtained({}), "new from flusso.toml");
  EXPECT_EQ(prefix_in("flusso.lock"), "new");
}

TEST_F(ConfigSource, an_unchanged_lock_is_not_touched) {
  write_config("flusso.toml", "same");
  EXPECT_EQ(obtained({}), "same from flusso.toml");
  struct stat first {
  }, second{};
  ASSERT_EQ(::stat("flusso.lock", &first), 0);
  EXPECT_EQ(obtained({}), "same from flusso.toml");
  ASSERT_EQ(::stat("flusso.lock", &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino);
}

// A folder in its place cannot be replaced by anybody, root included.
TEST_F(ConfigSource, a_lock_that_cannot_be_written_stops_only_who_named_it) {
  write_config("flusso.toml", "new");
  fs::create_directory("flusso.lock");
  EXPECT_EQ(obtained({}), "new from flusso.toml");
  EXPECT_EQ(obtained({{}, "flusso.lock", false}), "config.lock_write");
  EXPECT_EQ(obtained({{}, "nowhere/flusso.lock", false}), "config.lock_write");
}

TEST_F(ConfigSource, what_it_runs_from_the_lock_is_what_it_ran_from_the_files) {
  write_config("flusso.toml", "same");
  const auto files = obtain_config({});
  fs::remove("flusso.toml");
  fs::remove("users.schema.yml");
  const auto lock = obtain_config({});
  ASSERT_TRUE(files && lock);
  EXPECT_EQ(files->config.indexes[0].schema.table, lock->config.indexes[0].schema.table);
  EXPECT_EQ(files->config.indexes[0].schema.fields.size(), lock->config.indexes[0].schema.fields.size());
}

}  // namespace
}  // namespace flusso::cli
