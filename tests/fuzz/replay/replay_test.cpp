// Every input that is known, through the functions that are fuzzed, in every ordinary run of the tests: the corpora,
// and what a fuzzer or a reader once found (regressions/<target>/).

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/fuzz/entries.h"
#include "tests/support/files.h"

namespace flusso::fuzz {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_below(const std::vector<std::string>& folders) {
  std::vector<fs::path> paths;
  for (const std::string& folder : folders) {
    const fs::path root = test::source_path("tests/" + folder);
    if (!fs::exists(root)) continue;  // a target without a finding so far
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void replay(void (*entry)(std::string_view), const std::vector<std::string>& folders, std::size_t at_least) {
  const auto paths = files_below(folders);
  EXPECT_GE(paths.size(), at_least);
  for (const fs::path& path : paths) EXPECT_NO_THROW(entry(test::read_file(path))) << path;
}

TEST(FuzzReplay, toml_takes_every_known_input) {
  replay(toml, {"corpus/good/config", "corpus/bad/config", "fuzz/regressions/toml"}, 60);
}
TEST(FuzzReplay, yaml_takes_every_known_input) {
  replay(yaml, {"corpus/good", "corpus/bad", "fuzz/regressions/yaml"}, 200);
}
TEST(FuzzReplay, lock_takes_every_known_input) {
  replay(lock, {"unit/io/config/golden", "fuzz/corpus/lock", "fuzz/regressions/lock"}, 3);
}
TEST(FuzzReplay, pgoutput_takes_every_known_input) {
  replay(pgoutput, {"fuzz/corpus/pgoutput", "fuzz/regressions/pgoutput"}, 15);
}
TEST(FuzzReplay, stream_takes_every_known_input) {
  replay(stream, {"fuzz/corpus/stream", "fuzz/regressions/stream"}, 4);
}
TEST(FuzzReplay, reply_takes_every_known_input) { replay(reply, {"fuzz/corpus/reply", "fuzz/regressions/reply"}, 8); }

TEST(FuzzReplay, a_broken_promise_is_seen) { EXPECT_THROW(require(false, "a promise"), Violation); }

}  // namespace
}  // namespace flusso::fuzz
