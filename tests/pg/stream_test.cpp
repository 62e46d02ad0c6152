// Transactions that the server sends before they commit: exact, whatever happens inside of them, through memory and
// through files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <random>

#include "tests/pg/stream_fixture.h"

namespace flusso::pg {
namespace {

using test::kEverythingInMemory;
using test::Replica;
using test::SpillFolder;
using test::Streamed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
    return slot_flush() > last_commit;
  })) << "a keepalive was confirmed behind the other transaction";
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

}  // namespace
}  // namespace flusso::pg
