#pragma once
// A writer and a reader of transactions that the server sends before they commit: a tiny logical_decoding_work_mem
// makes it stream what would otherwise be small.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tests/pg/capture_fixture.h"
#include "tests/support/scratch_folder.h"

namespace flusso::pg::test {

inline constexpr const char* kTinyDecodingMemory = "64kB";
inline constexpr std::uint64_t kEverythingInMemory = 64ULL << 20U;
inline constexpr std::chrono::seconds kPatience{60};

// A folder of the test's own for what outgrows memory.
class SpillFolder : public flusso::test::ScratchFolder {
 public:
  // Files of this process in the folder, which have no names there.
  std::size_t open_files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(entry.path(), gone).string().starts_with(path() + "/")) ++count;
    }
    return count;
  }
};

// What a consumer would hold: rows by key, the row's text as written by shown().
class Replica {
 public:
  void apply(const CaptureEvent& event) {
    if (std::holds_alternative<CaptureGap>(event)) rows.clear();
    const auto* row = std::get_if<RowEvent>(&event);
    if (row == nullptr) return;
    ++changes;
    if (row->old_fields != nullptr) {
      EXPECT_EQ(rows.erase(key(*row->old_fields)), 1u) << shown(event);
    }
    if (row->new_fields == nullptr) return;
    const std::string id = key(*row->new_fields);
    EXPECT_EQ(rows.contains(id), row->op == ChangeOp::update && row->old_fields == nullptr) << shown(event);
    rows[id] = std::string(row->new_fields->at(1).text);
  }
  std::map<std::string, std::string> rows;
  std::size_t changes = 0;

 private:
  static std::string key(const std::vector<FieldText>& fields) { return std::string(fields.at(0).text); }
};

class Streamed : public CaptureTest {
 protected:
  void SetUp() override {
    CaptureTest::SetUp();
    if (HasFatalFailure()) return;
    database.run("ALTER DATABASE " + database.name() + " SET logical_decoding_work_mem = '" + kTinyDecodingMemory +
                 "'");
    auto opened = open_url(database.url(), "the writer");
    ASSERT_TRUE(opened);
    writer.emplace(std::move(*opened));
  }
  // A table of key, value and something wide, whose value has another place after a drop of `first`.
  void prepare_table() {
    database.run("CREATE TABLE t (first int, id int PRIMARY KEY, v text, pad text)");
    plan.tables.push_back(table_plan(database, "t", {"id", "v"}));
    prepare();
  }
  void open_with(const std::string& spill_dir, std::uint64_t memory) {
    PgSourceOptions options = database.options();
    options.spill_dir = spill_dir;
    options.spool_memory_bytes = memory;
    options.feedback_interval = Millis(10);
    open_options = options;
    reopen();
  }
  void reopen() { open(open_options); }
  void open_in_memory() { open_with("", kEverythingInMemory); }
  void write(const std::string& sql) { run(*writer, sql); }
  static std::string inserts(int from, int to) {
    return fmt::format("INSERT INTO t SELECT 0, i, 'v' || i, repeat('x', 100) FROM generate_series({}, {}) i", from,
                       to);
  }
  // How many blocks of unfinished transactions the server has sent from our slot.
  std::int64_t blocks_sent() {
    return database
        .run("SELECT coalesce(sum(stream_count), 0) FROM pg_stat_replication_slots WHERE slot_name = '" +
             database.slot() + "'")
        .integer(0, 0);
  }
  // Reads, and lets `look` see every event, until it says true. False when it did not within `at_most`, or on an error.
  bool read_until(const std::function<bool(const CaptureEvent&)>& look, std::chrono::seconds at_most = kPatience) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto event = capture->next(Millis(50));
      if (!event) {
        ADD_FAILURE() << event.error().code << " " << event.error().what;
        return false;
      }
      if (const auto* commit = std::get_if<CaptureCommit>(&*event)) last_commit = commit->end_lsn;
      if (look(*event)) return true;
    }
    return false;
  }
  // Reads until the server has sent blocks, and everything before; nothing of them may show.
  void read_until_streamed() {
    // A commit: the server decodes what is on disk only, and the open transaction alone forces nothing there.
    database.run("SELECT pg_logical_emit_message(true, 'test', 'flush')");
    const Lsn target = wal_now();
    ASSERT_TRUE(read_until([&](const CaptureEvent& event) {
      EXPECT_EQ(shown(event), "");
      const auto* keepalive = std::get_if<CaptureKeepalive>(&event);
      if (keepalive != nullptr) capture->confirm(keepalive->lsn);
      return keepalive != nullptr && keepalive->lsn >= target;
    }));
    const std::int64_t blocks = blocks_sent();
    EXPECT_GT(blocks, blocks_seen) << "the server did not stream";
    blocks_seen = blocks;
  }
  // Applies everything up to a commit at or behind what has been committed by now, this test's last insert included.
  const Replica& read_up_to_now() {
    database.run("INSERT INTO t (id, v) VALUES (-1, 'end')");
    EXPECT_TRUE(read_until([&](const CaptureEvent& event) {
      replica.apply(event);
      return replica.rows.contains("-1") && std::holds_alternative<CaptureCommit>(event);
    }));
    return replica;
  }
  std::map<std::string, std::string> rows_of_table() {
    const Rows rows = database.run("SELECT id::text, v FROM t");
    std::map<std::string, std::string> out;
    for (int row = 0; row < rows.size(); ++row) out[rows.string(row, 0)] = rows.string(row, 1);
    return out;
  }

  std::optional<Conn> writer;
  PgSourceOptions open_options;
  Replica replica;
  std::int64_t blocks_seen = 0;
};

}  // namespace flusso::pg::test
