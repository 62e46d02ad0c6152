#include "io/config/lock_file.h"
#include "tests/support/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "tests/unit/io/config/lock_support.h"

namespace flusso::config {
namespace {

namespace fs = std::filesystem;

const std::string kOld = "\x86old lock";
const std::string kNew = "\x86new lock, somewhat longer";

std::size_t files_in(const Folder& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}
ino_t inode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_ino;
}
std::string code_of(const std::string& path, const std::string& bytes = kNew) {
  const auto done = write_lock_file(path, bytes);
  if (done) return "written";
  EXPECT_NE(done.error().what.find(path), std::string::npos) << done.error().what;
  return done.error().code;
}

TEST(LockFile, a_new_one_and_a_changed_one_are_written_and_nothing_else_is_left) {
  const Folder folder;
  const std::string path = folder.path() + "/flusso.lock";
  EXPECT_EQ(write_lock_file(path, kOld), LockWrite::written);
  EXPECT_EQ(test::read_file(path), kOld);
  EXPECT_EQ(write_lock_file(path, kNew), LockWrite::written);
  EXPECT_EQ(test::read_file(path), kNew);
  EXPECT_EQ(read_lock_file(path), kNew);
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(LockFile, the_same_bytes_are_not_written_again) {
  const Folder folder;
  const std::string path = folder.write("flusso.lock", kOld);
  const ino_t before = inode_of(path);
  EXPECT_EQ(write_lock_file(path, kOld), LockWrite::unchanged);
  EXPECT_EQ(inode_of(path), before);
  EXPECT_EQ(write_lock_file(path, kNew), LockWrite::written);
  EXPECT_NE(inode_of(path), before);
}

TEST(LockFile, a_relative_name_lies_in_the_working_folder) {
  const Folder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  EXPECT_EQ(write_lock_file("flusso.lock", kOld), LockWrite::written);
  EXPECT_EQ(write_lock_file("flusso.lock", kNew), LockWrite::written);
  fs::current_path(before);
  EXPECT_EQ(test::read_file(folder.path() + "/flusso.lock"), kNew);
  EXPECT_EQ(files_in(folder), 1U);
}

// A limit on the size of files is a full disk that hits nobody else.
TEST(LockFile, a_disk_that_is_full_in_the_middle_leaves_the_old_one) {
  const Folder folder;
  const std::string path = folder.write("flusso.lock", kOld);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = kOld.size() + 1;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto done = write_lock_file(path, kNew);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "config.lock_write");
  EXPECT_NE(done.error().what.find(path), std::string::npos) << done.error().what;
  EXPECT_EQ(test::read_file(path), kOld);
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(LockFile, the_mode_and_a_symbolic_link_survive) {
  const Folder folder;
  const std::string real = folder.write("real/flusso.lock", kOld);
  const std::string link = folder.path() + "/link.lock";
  fs::create_symlink("real/flusso.lock", link);
  ASSERT_EQ(::chmod(real.c_str(), 0640), 0);
  EXPECT_EQ(write_lock_file(link, kNew), LockWrite::written);
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(test::read_file(real), kNew);
  struct stat status {};
  ASSERT_EQ(::stat(real.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
}

TEST(LockFile, what_cannot_be_a_lock_is_not_overwritten) {
  const Folder folder;
  const std::string path = folder.write("flusso.toml", "[source]\ntype = \"postgres\"\n");
  EXPECT_EQ(code_of(path), "config.lock_foreign");
  EXPECT_EQ(test::read_file(path), "[source]\ntype = \"postgres\"\n");
  EXPECT_EQ(code_of(folder.path()), "config.lock_write");
  EXPECT_EQ(code_of("/dev/full"), "config.lock_write");
  EXPECT_EQ(code_of(folder.path() + "/nowhere/flusso.lock"), "config.lock_write");
  EXPECT_EQ(code_of(folder.write("empty.lock", "")), "written");
  EXPECT_EQ(code_of(folder.write("damaged.lock", "\x86\xA5")), "written");
  EXPECT_EQ(code_of(folder.write("other.lock",
                                 "\x83\xAE"
                                 "format_version\x01")),
            "written");
}

TEST(LockFile, what_cannot_be_read_is_named_with_the_cure) {
  const Folder folder;
  const auto missing = read_lock_file(folder.path() + "/flusso.lock");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, "config.lock_missing");
  EXPECT_NE(missing.error().what.find("flusso build"), std::string::npos);
  for (const std::string& path : {folder.path(), std::string("/dev/zero"), folder.path() + "/a\nb/"}) {
    const auto read = read_lock_file(path);
    ASSERT_FALSE(read) << path;
    EXPECT_NE(read.error().what.find(path), std::string::npos);
  }
}

TEST(LockFile, no_more_than_a_lock_can_be_is_read) {
  const Folder folder;
  const std::string path = folder.write("flusso.lock", std::string(kMaxLockBytes + 100, 'x'));
  const auto read = read_lock_file(path);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size(), kMaxLockBytes + 1);
}

}  // namespace
}  // namespace flusso::config
