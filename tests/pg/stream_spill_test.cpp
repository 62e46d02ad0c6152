// The folder for what outgrows memory: full, unusable, or not there at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <iostream>

#include "tests/pg/stream_fixture.h"

namespace flusso::pg {
namespace {

using StreamedToFiles = test::Streamed;
using test::SpillFolder;
using ::testing::HasSubstr;

// Room for about a megabyte in a folder: a file system of that size where this process may mount one, else a limit on
// the size of files.
class NarrowFolder {
 public:
  explicit NarrowFolder(const std::string& path) : path_(path) {
    mounted_ = ::mount("flusso-test", path.c_str(), "tmpfs", 0, "size=1m") == 0;
    if (mounted_) return;
    before_ = std::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &limit_), 0);
    const rlimit small{1U << 20U, limit_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  }
  ~NarrowFolder() { widen(); }
  void widen() {
    if (wide_) return;
    wide_ = true;
    if (mounted_) {
      EXPECT_EQ(::mount("flusso-test", path_.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
      return;
    }
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit_), 0);
    std::signal(SIGXFSZ, before_);
  }
  // Once no file is open there any more.
  void remove() const {
    if (mounted_) {
      EXPECT_EQ(::umount(path_.c_str()), 0);
    }
  }
  const char* cure() const { return mounted_ ? "make room there" : "ulimit -f"; }

 private:
  std::string path_;
  bool mounted_ = false, wide_ = false;
  rlimit limit_{};
  void (*before_)(int) = nullptr;
};

TEST_F(StreamedToFiles, a_full_folder_is_named_and_the_run_goes_on_once_there_is_room) {
  prepare_table();
  SpillFolder folder;
  NarrowFolder narrow(folder.path());
  open_with(folder.path(), 100000);
  write("BEGIN; " + inserts(1, 20000));
  const auto error = read_until_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::transient);
  EXPECT_EQ(error->code, "pg.spill");
  EXPECT_THAT(error->what, HasSubstr(folder.path()));
  EXPECT_THAT(error->what, HasSubstr(narrow.cure()));
  std::cout << error->what << "\n";
  narrow.widen();
  reopen();
  write("COMMIT");
  EXPECT_EQ(read_up_to_now().changes, 20001u);
  capture.reset();
  narrow.remove();
}

TEST_F(StreamedToFiles, a_folder_that_was_named_and_cannot_be_used_ends_the_start) {
  prepare_table();
  PgSourceOptions options = database.options();
  options.spill_dir = "/nowhere/flusso";
  const auto from = make_capture(options, plan)->start();
  ASSERT_FALSE(from);
  EXPECT_EQ(from.error().kind, ErrorKind::config);
  EXPECT_THAT(from.error().what, HasSubstr("/nowhere/flusso"));
  EXPECT_THAT(from.error().what, HasSubstr("spill_dir"));
}

TEST_F(StreamedToFiles, without_a_temporary_folder_the_server_keeps_large_transactions) {
  prepare_table();
  const char* set = std::getenv("TMPDIR");
  const std::string before = set == nullptr ? "" : set;
  ::setenv("TMPDIR", "/proc", 1);  // a folder that nobody can make a file in
  open_in_memory();
  if (set == nullptr)
    ::unsetenv("TMPDIR");
  else
    ::setenv("TMPDIR", before.c_str(), 1);
  write("BEGIN; " + inserts(1, 5000) + "; COMMIT");
  EXPECT_EQ(read_up_to_now().changes, 5001u);
  EXPECT_EQ(blocks_sent(), 0);
}

}  // namespace
}  // namespace flusso::pg
