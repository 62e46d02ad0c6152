// Transactions that the server sends before they commit: exact, whatever happens inside of them, through memory and
// through files. A tiny logical_decoding_work_mem makes the server stream what would otherwise be small.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>

#include "tests/pg/capture_fixture.h"
#include "tests/support/pg_cluster.h"

namespace flusso::pg {
namespace {

using test::CaptureTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kTinyDecodingMemory = "64kB";
constexpr std::uint64_t kEverythingInMemory = 64ULL << 20U;
constexpr std::chrono::seconds kPatience{60};

// A folder of the test's own for what outgrows memory.
class SpillFolder {
 public:
  SpillFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "flusso_spill_XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~SpillFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  // Files of this process in the folder, which have no names there.
  std::size_t open_files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(entry.path(), gone).string().starts_with(path_ + "/")) ++count;
    }
    return count;
  }

 private:
  std::string path_;
};

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

// What a consumer would hold: rows by key, the row's text as written by shown().
class Replica {
 public:
  void apply(const CaptureEvent& event) {
    if (std::holds_alternative<CaptureGap>(event)) rows.clear();
    const auto* row = std::get_if<RowEvent>(&event);
    if (row == nullptr) return;
    ++changes;
    if (row->old_fields != nullptr) {
      EXPECT_EQ(rows.erase(key(*row->old_fields)), 1u) << test::shown(event);
    }
    if (row->new_fields == nullptr) return;
    const std::string id = key(*row->new_fields);
    EXPECT_EQ(rows.contains(id), row->op == ChangeOp::update && row->old_fields == nullptr) << test::shown(event);
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
    auto opened = test::open_url(database.url(), "the writer");
    ASSERT_TRUE(opened);
    writer.emplace(std::move(*opened));
  }
  // A table of key, value and something wide, whose value has another place after a drop of `first`.
  void prepare_table() {
    database.run("CREATE TABLE t (first int, id int PRIMARY KEY, v text, pad text)");
    plan.tables.push_back(test::table_plan(database, "t", {"id", "v"}));
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
  void reopen() {
    capture = make_capture(open_options, plan);
    start();
  }
  // Begins a new stream with the same object.
  void start() {
    const auto from = test::start_when_free(*capture);
    ASSERT_TRUE(from) << from.error().what;
    started_at = *from;
  }
  void open_in_memory() { open_with("", kEverythingInMemory); }
  void write(const std::string& sql) { test::run(*writer, sql); }
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
      EXPECT_EQ(test::shown(event), "");
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

TEST_F(Streamed, a_large_transaction_arrives_when_it_commits_and_not_before) {
  prepare_table();
  open_in_memory();
  write("BEGIN");
  write(inserts(1, 20000));
  read_until_streamed();
  write("UPDATE t SET v = 'w' WHERE id % 2 = 0; DELETE FROM t WHERE id % 5 = 0; COMMIT");
  read_up_to_now();
  EXPECT_EQ(replica.changes, 20000u + 10000u + 4000u + 1u);
  EXPECT_EQ(replica.rows, rows_of_table());
}

TEST_F(Streamed, its_rows_keep_their_order_between_begin_and_commit) {
  prepare_table();
  open_in_memory();
  write("BEGIN; " + inserts(1, 3000));
  read_until_streamed();
  const auto xid = test::run(*writer, "SELECT pg_current_xact_id()").unsigned_integer(0, 0);
  write("COMMIT");
  int next_id = 1;
  bool begun = false;
  std::optional<CaptureCommit> committed;
  ASSERT_TRUE(read_until([&](const CaptureEvent& event) {
    if (const auto* begin = std::get_if<CaptureBegin>(&event)) {
      EXPECT_EQ(begin->xid, Xid{static_cast<std::uint32_t>(xid)});
      begun = true;
    } else if (std::holds_alternative<RowEvent>(event)) {
      EXPECT_TRUE(begun);
      EXPECT_EQ(test::shown(event), fmt::format("insert 0 - ({},v{})", next_id, next_id));
      ++next_id;
    } else if (const auto* commit = std::get_if<CaptureCommit>(&event)) {
      committed = *commit;
    } else {
      EXPECT_FALSE(begun && std::holds_alternative<CaptureKeepalive>(event)) << "the wire waits for the replay";
    }
    return committed.has_value();
  }));
  ASSERT_TRUE(committed);
  EXPECT_EQ(next_id, 3001);
  EXPECT_EQ(committed->xid, Xid{static_cast<std::uint32_t>(xid)});
  EXPECT_LE(committed->end_lsn, wal_now());
  EXPECT_GT(committed->end_lsn, started_at);
}

TEST_F(Streamed, one_that_is_rolled_back_leaves_nothing) {
  prepare_table();
  SpillFolder folder;
  open_with(folder.path(), 10000);
  write("BEGIN; " + inserts(1, 20000));
  read_until_streamed();
  EXPECT_EQ(folder.open_files(), 1u);
  write("ROLLBACK");
  read_up_to_now();
  EXPECT_EQ(replica.changes, 1u);
  EXPECT_EQ(folder.open_files(), 0u);
}

TEST_F(Streamed, a_killed_writer_leaves_nothing) {
  prepare_table();
  open_in_memory();
  write("BEGIN; " + inserts(1, 20000));
  read_until_streamed();
  database.run(fmt::format("SELECT pg_terminate_backend({}, 5000)", writer->backend_pid()));
  EXPECT_EQ(read_up_to_now().changes, 1u);
}

TEST_F(Streamed, savepoints_rolled_back_released_and_nested_are_exact) {
  prepare_table();
  open_in_memory();
  write("BEGIN; " + inserts(1, 2000));
  write("SAVEPOINT a; " + inserts(2001, 4000) + "; SAVEPOINT b; " + inserts(4001, 6000));
  read_until_streamed();
  write("UPDATE t SET v = 'lost' WHERE id <= 4500");  // b's second piece, over rows of all three
  read_until_streamed();
  write("ROLLBACK TO b; " + inserts(6001, 8000) +
        "; RELEASE b; UPDATE t SET v = 'kept' WHERE id BETWEEN 1500 AND 2500");
  read_until_streamed();
  write("SAVEPOINT c; " + inserts(8001, 9000) + "; SAVEPOINT d; " + inserts(9001, 12000) + "; RELEASE d");
  read_until_streamed();
  write("ROLLBACK TO c; RELEASE c; RELEASE a; " + inserts(12001, 14000) + "; COMMIT");
  read_up_to_now();
  EXPECT_EQ(replica.changes, 2000u + 2000u + 2000u + 1001u + 2000u + 1u);
  EXPECT_EQ(replica.rows, rows_of_table());
}

// Savepoints, statements and other transactions at random; through memory and through files.
TEST_F(Streamed, random_transactions_with_savepoints_are_exact_in_memory_and_in_files) {
  prepare_table();
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  for (const std::uint64_t memory : {kEverythingInMemory, std::uint64_t{20000}}) {
    SpillFolder folder;
    open_with(folder.path(), memory);
    database.run("TRUNCATE t");
    std::mt19937 random(seed);
    int next_id = 1;
    std::size_t most_files = 0;
    const std::int64_t blocks_before = blocks_sent();
    for (int transaction = 0; transaction < 8; ++transaction) {
      write("BEGIN");
      int depth = 0;
      for (int step = 0; step < 25; ++step) {
        switch (random() % 8) {
          case 0:
            write(fmt::format("SAVEPOINT s{}", ++depth));
            break;
          case 1:
            if (depth > 0) write(fmt::format("ROLLBACK TO s{}", depth = 1 + static_cast<int>(random() % depth)));
            break;
          case 2:
            if (depth > 0) write(fmt::format("RELEASE s{}", depth--));
            break;
          case 3:
            write(fmt::format("UPDATE t SET v = 'u{}' WHERE id % {} = 0", step, 3 + random() % 9));
            break;
          case 4:
            write(fmt::format("DELETE FROM t WHERE id % {} = 1", 7 + random() % 20));
            break;
          case 5:
            database.run(fmt::format("INSERT INTO t VALUES (0, {}, 'other', '')", next_id++));
            break;
          default: {
            const int to = next_id + 1 + static_cast<int>(random() % 400);
            write(inserts(next_id, to));
            next_id = to + 1;
          }
        }
        most_files = std::max(most_files, folder.open_files());
        capture->readable();
        const auto event = capture->next(Millis(0));
        ASSERT_TRUE(event) << event.error().what;
        replica.apply(*event);
      }
      write(random() % 4 == 0 ? "ROLLBACK" : "COMMIT");
    }
    database.run("INSERT INTO t VALUES (0, -1, 'end', '')");
    ASSERT_TRUE(read_until([&](const CaptureEvent& event) {
      replica.apply(event);
      most_files = std::max(most_files, folder.open_files());
      return replica.rows.contains("-1") && std::holds_alternative<CaptureCommit>(event);
    }));
    EXPECT_EQ(replica.rows, rows_of_table());
    EXPECT_GT(blocks_sent() - blocks_before, 20) << "the server did not stream";
    EXPECT_EQ(most_files > 0, memory != kEverythingInMemory);
    capture->confirm(last_commit);
    capture->finish();
    capture.reset();
  }
}

TEST_F(Streamed, ten_thousand_interleaved_transactions_come_once_each_and_in_the_order_of_every_row) {
  database.run(
      "CREATE TABLE t (first int, id int PRIMARY KEY, v int, pad text); "
      "INSERT INTO t SELECT 0, i, 0, '' FROM generate_series(1, 100) i");
  plan.tables.push_back(test::table_plan(database, "t", {"id", "v"}));
  prepare();
  SpillFolder folder;
  open_with(folder.path(), 30000);
  constexpr int kWriters = 8, kEach = 1250;
  std::vector<std::jthread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      auto conn = test::open_url(database.url());
      ASSERT_TRUE(conn);
      for (int i = 0; i < kEach; ++i) {
        const int row = 1 + (w * 37 + i * 13) % 100, pads = 1000 + (w * kEach + i) * 400;
        const auto pad = [&](int from) {
          return fmt::format("INSERT INTO t SELECT 0, i, 0, repeat('x', 150) FROM generate_series({}, {}) i",
                             pads + from, pads + from + (i % 5 == 0 ? 80 : 3));
        };
        test::run(*conn, fmt::format("BEGIN; UPDATE t SET v = v + 1 WHERE id = {}", row));
        test::run(*conn, pad(0));
        test::run(*conn, pad(200) + "; COMMIT");
      }
    });
  }
  std::map<std::string, int> counter;
  std::map<std::string, int> pads;
  int commits = 0;
  std::size_t most_files = 0;
  ASSERT_TRUE(read_until(
      [&](const CaptureEvent& event) {
        if (const auto* row = std::get_if<RowEvent>(&event)) {
          const std::string id(row->new_fields->at(0).text), value(row->new_fields->at(1).text);
          if (row->op == ChangeOp::update)
            EXPECT_EQ(std::to_string(++counter[id]), value) << "row " << id;
          else
            EXPECT_EQ(++pads[id], 1) << "row " << id;
        } else if (const auto* commit = std::get_if<CaptureCommit>(&event)) {
          capture->confirm(commit->end_lsn);
          if (++commits % 100 == 0) most_files = std::max(most_files, folder.open_files());
        }
        return commits == kWriters * kEach;
      },
      std::chrono::seconds(180)));
  writers.clear();
  int updates = 0;
  for (const auto& [id, count] : counter) updates += count;
  EXPECT_EQ(updates, kWriters * kEach);
  EXPECT_EQ(static_cast<std::int64_t>(pads.size()),
            database.run("SELECT count(*) FROM t WHERE id > 100").integer(0, 0));
  std::cout << blocks_sent() << " blocks, " << most_files << " files at most\n";
  EXPECT_GT(blocks_sent(), 100);
}

TEST_F(Streamed, logical_messages_of_other_tools_are_nothing) {
  prepare_table();
  open_in_memory();
  database.run("SELECT pg_logical_emit_message(true, 'other', 'x'), pg_logical_emit_message(false, 'other', 'y')");
  write("BEGIN; " + inserts(1, 3000));
  write(
      "SELECT pg_logical_emit_message(true, 'other', repeat('x', 100000)), "
      "pg_logical_emit_message(false, 'other', repeat('y', 100000))");
  read_until_streamed();
  write(inserts(3001, 4000) + "; COMMIT");
  read_up_to_now();
  EXPECT_EQ(replica.changes, 4001u);
  EXPECT_EQ(replica.rows, rows_of_table());
}

TEST_F(Streamed, changes_of_the_table_inside_of_a_transaction_count_from_there_on) {
  prepare_table();
  open_in_memory();
  database.run(inserts(1, 10));
  ASSERT_TRUE(read_until([&](const CaptureEvent& event) {
    replica.apply(event);
    return std::holds_alternative<CaptureCommit>(event);
  }));
  write("BEGIN; " + inserts(11, 2000));
  read_until_streamed();
  write("ALTER TABLE t ADD extra int; " + inserts(2001, 4000));
  read_until_streamed();
  write(
      "SAVEPOINT s; ALTER TABLE t DROP COLUMN first; INSERT INTO t SELECT i, 'lost' FROM generate_series(4001, 6000) "
      "i");
  read_until_streamed();
  write("ROLLBACK TO s; " + inserts(6001, 8000));
  read_until_streamed();
  write(
      "ALTER TABLE t DROP COLUMN first; ALTER TABLE t ADD COLUMN first int; "
      "INSERT INTO t SELECT i, 'v' || i, repeat('x', 100) FROM generate_series(8001, 10000) i; COMMIT");
  database.run("INSERT INTO t VALUES (10001, 'after')");
  read_up_to_now();
  EXPECT_EQ(replica.rows, rows_of_table());
}

TEST_F(Streamed, a_truncate_inside_of_a_transaction_is_delivered_with_it) {
  prepare_table();
  open_in_memory();
  write("BEGIN; " + inserts(1, 3000) + "; TRUNCATE t; " + inserts(5001, 8000));
  read_until_streamed();
  write("COMMIT");
  const auto seen = read_commits(1);
  ASSERT_EQ(seen.size(), 6001u);
  EXPECT_EQ(seen[3000], "truncate 0");
}

// The server's position moves past the first changes of an open transaction, and is confirmed. Nothing of it may be
// lost then, because it comes again from its beginning.
TEST_F(Streamed, a_killed_walsender_in_the_middle_of_a_transaction_loses_nothing) {
  prepare_table();
  SpillFolder folder;
  open_with(folder.path(), 10000);
  const Lsn before = wal_now();
  write("BEGIN; " + inserts(1, 10000));
  database.run("INSERT INTO t VALUES (0, 20001, 'other', '')");
  ASSERT_TRUE(read_until([&](const CaptureEvent& event) {
    replica.apply(event);
    if (const auto* commit = std::get_if<CaptureCommit>(&event)) capture->confirm(commit->end_lsn);
    return replica.rows.contains("20001") && std::holds_alternative<CaptureCommit>(event);
  }));
  read_until_streamed();
  ASSERT_TRUE(test::eventually([&] {
    EXPECT_TRUE(capture->next(Millis(20)));
    return slot_flush() > before;
  }));
  EXPECT_GT(slot_flush(), last_commit) << "a keepalive was confirmed behind the other transaction";
  database.run("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '" +
               database.slot() + "'");
  ASSERT_TRUE(test::eventually([&] { return !capture->next(Millis(50)); }));
  EXPECT_EQ(folder.open_files(), 1u);
  start();
  EXPECT_EQ(folder.open_files(), 0u);
  write(inserts(10001, 20000));
  read_until_streamed();
  reopen();  // and once more, without a failure
  write("COMMIT");
  EXPECT_EQ(read_up_to_now().changes, 20002u);
  EXPECT_EQ(replica.rows, rows_of_table());
}

TEST_F(Streamed, a_commit_is_confirmed_only_by_its_own_position) {
  prepare_table();
  open_in_memory();
  write("BEGIN; " + inserts(1, 3000));
  read_until_streamed();
  const Lsn confirmed = slot_flush();
  write("COMMIT");
  // Half of it is handed on, then the process dies: what the server heard must not contain the commit.
  std::size_t rows = 0;
  ASSERT_TRUE(read_until([&](const CaptureEvent& event) {
    if (std::holds_alternative<RowEvent>(event)) ++rows;
    return rows == 1500;
  }));
  reopen();
  EXPECT_GE(started_at, confirmed);
  EXPECT_EQ(read_up_to_now().changes, 3001u);
}

TEST_F(Streamed, feedback_leaves_while_a_transaction_is_handed_on) {
  prepare_table();
  open_in_memory();
  write("BEGIN; " + inserts(1, 5000));
  read_until_streamed();
  write("COMMIT");
  const auto reply_time = [&] {
    return database
        .run("SELECT extract(epoch FROM reply_time) * 1000 FROM pg_stat_replication WHERE application_name = 'flusso:" +
             database.slot() + ":capture'")
        .string(0, 0);
  };
  std::size_t rows = 0, replies = 0;
  std::string last;
  ASSERT_TRUE(read_until([&](const CaptureEvent& event) {
    if (!std::holds_alternative<RowEvent>(event)) return false;
    if (++rows % 100 == 0) {
      const std::string now = reply_time();
      if (now != last) ++replies;
      last = now;
    }
    return rows == 5000;
  }));
  EXPECT_GE(replies, 3u);
}

TEST_F(Streamed, a_full_folder_is_named_and_the_run_goes_on_once_there_is_room) {
  prepare_table();
  SpillFolder folder;
  NarrowFolder narrow(folder.path());
  open_with(folder.path(), 100000);
  write("BEGIN; " + inserts(1, 20000));
  Error error;
  ASSERT_TRUE(test::eventually([&] {
    const auto event = capture->next(Millis(50));
    if (!event) error = event.error();
    return !event;
  }));
  EXPECT_EQ(error.kind, ErrorKind::transient);
  EXPECT_EQ(error.code, "pg.spill");
  EXPECT_THAT(error.what, HasSubstr(folder.path()));
  EXPECT_THAT(error.what, HasSubstr(narrow.cure()));
  std::cout << error.what << "\n";
  narrow.widen();
  reopen();
  write("COMMIT");
  EXPECT_EQ(read_up_to_now().changes, 20001u);
  capture.reset();
  narrow.remove();
}

TEST_F(Streamed, a_folder_that_was_named_and_cannot_be_used_ends_the_start) {
  prepare_table();
  PgSourceOptions options = database.options();
  options.spill_dir = "/nowhere/flusso";
  const auto from = make_capture(options, plan)->start();
  ASSERT_FALSE(from);
  EXPECT_EQ(from.error().kind, ErrorKind::config);
  EXPECT_THAT(from.error().what, HasSubstr("/nowhere/flusso"));
  EXPECT_THAT(from.error().what, HasSubstr("spill_dir"));
}

TEST_F(Streamed, without_a_temporary_folder_the_server_keeps_large_transactions) {
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

// Inside of a block the four bytes behind a row's tag are a transaction id. One that equals the oid of a table outside
// of the plan must not pass for a row of that table.
TEST(StreamedIds, a_transaction_id_is_not_taken_for_the_oid_of_a_foreign_table) {
  test::PrivateCluster cluster("wal_level=logical\nlogical_decoding_work_mem=64kB\nautovacuum=off\n");
  ASSERT_TRUE(cluster.ready());
  test::TestDatabase database(cluster.url());
  ASSERT_TRUE(database.ready());
  database.run("CREATE TABLE t (id int PRIMARY KEY, pad text); CREATE TABLE other (id int PRIMARY KEY)");
  database.run("CREATE PUBLICATION " + quote_identifier(database.publication()) + " FOR ALL TABLES");
  Plan plan;
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  ASSERT_TRUE(make_source_admin(database.options())->prepare(plan, {}));
  const auto capture = make_capture(database.options(), plan);
  ASSERT_TRUE(capture->start());
  const auto oid = database.run("SELECT 'other'::regclass::oid::bigint").integer(0, 0);
  database.run("INSERT INTO other VALUES (1)");
  const auto left = oid - database.run("SELECT pg_current_xact_id()").integer(0, 0) - 1;
  ASSERT_GT(left, 0);
  database.run(
      fmt::format("DO $$ BEGIN FOR i IN 1..{} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$", left));
  auto writer = test::open_url(database.url());
  ASSERT_TRUE(writer);
  test::run(*writer, "BEGIN; INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 3000) i");
  ASSERT_EQ(test::run(*writer, "SELECT pg_current_xact_id()").integer(0, 0), oid);
  test::run(*writer, "COMMIT");
  int rows = 0;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (bool committed = false; !committed && std::chrono::steady_clock::now() < deadline;) {
    capture->readable();  // drops rows of foreign tables that are at the front
    const auto event = capture->next(Millis(0));
    ASSERT_TRUE(event) << event.error().what;
    if (std::holds_alternative<RowEvent>(*event)) ++rows;
    committed = rows > 0 && std::holds_alternative<CaptureCommit>(*event);
  }
  EXPECT_EQ(rows, 3000);
  capture->finish();
}

TEST(StreamedPrepared, a_prepared_transaction_arrives_when_it_is_committed_and_never_when_it_is_rolled_back) {
  test::PrivateCluster cluster("wal_level=logical\nmax_prepared_transactions=4\nlogical_decoding_work_mem=64kB\n");
  ASSERT_TRUE(cluster.ready());
  test::TestDatabase database(cluster.url());
  ASSERT_TRUE(database.ready());
  database.run("CREATE TABLE t (id int PRIMARY KEY, pad text)");
  Plan plan;
  plan.tables.push_back(test::table_plan(database, "t", {"id"}));
  ASSERT_TRUE(make_source_admin(database.options())->prepare(plan, {}));
  const auto capture = make_capture(database.options(), plan);
  ASSERT_TRUE(capture->start());
  const auto prepare = [&](const std::string& gid, int from, int to) {
    database.run(
        fmt::format("BEGIN; INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series({}, {}) i; "
                    "PREPARE TRANSACTION '{}'",
                    from, to, gid));
  };
  const auto ids_up_to = [&](const std::string& last) {
    std::vector<std::string> ids;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto event = capture->next(Millis(200));
      EXPECT_TRUE(event) << event.error().what;
      if (!event) break;
      if (const auto* row = std::get_if<RowEvent>(&*event)) ids.emplace_back(row->new_fields->at(0).text);
      if (!ids.empty() && ids.back() == last && std::holds_alternative<CaptureCommit>(*event)) break;
    }
    return ids;
  };
  prepare("large", 1, 5000);
  prepare("small", 10001, 10003);
  prepare("lost", 20001, 25000);
  database.run("INSERT INTO t VALUES (90001, '')");
  EXPECT_THAT(ids_up_to("90001"), ElementsAre("90001"));
  database.run("COMMIT PREPARED 'small'");
  EXPECT_THAT(ids_up_to("10003"), ElementsAre("10001", "10002", "10003"));
  database.run("ROLLBACK PREPARED 'lost'");
  database.run("COMMIT PREPARED 'large'");
  const auto large = ids_up_to("5000");
  EXPECT_EQ(large.size(), 5000u);
  EXPECT_EQ(large.front(), "1");
  database.run("INSERT INTO t VALUES (90002, '')");
  EXPECT_THAT(ids_up_to("90002"), ElementsAre("90002"));
  EXPECT_GT(database.run("SELECT sum(stream_count) FROM pg_stat_replication_slots").integer(0, 0), 2);
  capture->finish();
}

}  // namespace
}  // namespace flusso::pg
