// Streamed transactions frame by frame, as a server sends them and as none should; and the folder for what outgrows
// memory.
#include "io/pg/stream_spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "tests/support/scratch_folder.h"
#include "tests/unit/io/pg/wire_bytes.h"

namespace flusso::pg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string start(std::uint32_t xid, bool first = true) { return "S" + big(xid, 4) + big(first ? 1 : 0, 1); }
std::string stop() { return "E"; }
std::string commit(std::uint32_t xid) { return "c" + big(xid, 4) + big(0, 1) + big(70, 8) + big(80, 8) + big(90, 8); }
std::string abort(std::uint32_t xid, std::uint32_t subxid) { return "A" + big(xid, 4) + big(subxid, 4); }
// What the spool looks at of a frame is its tag, the id behind it and a relation's oid.
std::string in_block(char tag, std::uint32_t xid, std::string_view body) {
  return tag + big(xid, 4) + std::string(body);
}
std::string row(std::uint32_t xid, std::string_view body) { return in_block('I', xid, body); }
std::string relation(std::uint32_t oid, std::string_view version) { return "R" + big(oid, 4) + std::string(version); }
std::string relation_in_block(std::uint32_t xid, std::uint32_t oid, std::string_view version) {
  return in_block('R', xid, relation(oid, version).substr(1));
}
const std::string kCommit = "C" + big(0, 1) + big(70, 8) + big(80, 8) + big(90, 8);
std::string begin(std::uint32_t xid) { return "B" + big(70, 8) + big(90, 8) + big(xid, 4); }

class Spool : public ::testing::Test {
 protected:
  // Sends frames that are kept; returns what transactions that committed gave back.
  std::vector<std::string> send(const std::vector<std::string>& frames) {
    std::vector<std::string> back;
    for (const std::string& frame : frames) {
      const auto kept = spool.keep(frame);
      EXPECT_TRUE(kept && *kept) << frame[0] << (kept ? "" : ": " + kept.error().what);
      if (!kept) return back;
      while (spool.replaying()) {
        const auto next = spool.replay();
        EXPECT_TRUE(next);
        if (!next) return back;
        back.emplace_back(*next);
      }
    }
    return back;
  }
  flusso::test::ScratchFolder folder;
  StreamSpool spool{{folder.path(), 1U << 20U}};
};

TEST_F(Spool, a_committed_transaction_comes_back_whole_and_without_ids) {
  EXPECT_THAT(send({start(7), relation_in_block(7, 1, "t"), row(7, "a"), stop(), start(7, false), row(8, "b"),
                    in_block('T', 7, "cut"), stop()}),
              IsEmpty());
  EXPECT_THAT(send({commit(7)}), ElementsAre(begin(7), relation(1, "t"), "Ia", "Ib", "Tcut", kCommit));
  EXPECT_EQ(spool.memory(), 0u);
  EXPECT_EQ(spool.open_transactions(), 0u);
}

TEST_F(Spool, what_is_outside_of_blocks_is_the_readers) {
  const auto is_kept = [&](const std::string& frame) { return spool.keep(frame).value(); };
  EXPECT_FALSE(is_kept("Ibody"));
  EXPECT_FALSE(is_kept(""));
  EXPECT_TRUE(is_kept(start(7)));
  EXPECT_TRUE(spool.in_block());
  EXPECT_TRUE(is_kept(row(7, "a")));
  EXPECT_TRUE(is_kept(stop()));
  EXPECT_FALSE(spool.in_block());
  EXPECT_FALSE(is_kept("Ibody"));
}

TEST_F(Spool, transactions_that_take_turns_stay_apart) {
  EXPECT_THAT(send({start(7), row(7, "a"), stop(), start(9), row(9, "x"), stop(), start(7, false), row(7, "b"), stop(),
                    commit(9)}),
              ElementsAre(begin(9), "Ix", kCommit));
  EXPECT_THAT(send({start(7, false), row(7, "c"), stop(), commit(7)}),
              ElementsAre(begin(7), "Ia", "Ib", "Ic", kCommit));
}

TEST_F(Spool, a_rolled_back_subtransaction_is_left_out_wherever_its_pieces_lie) {
  EXPECT_THAT(
      send({start(7), row(7, "a"), row(8, "lost"), row(9, "kept"), row(8, "lost"), stop(), start(7, false),
            row(8, "lost"), row(7, "b"), stop(), abort(7, 8), start(7, false), row(10, "c"), stop(), commit(7)}),
      ElementsAre(begin(7), "Ia", "Ikept", "Ib", "Ic", kCommit));
}

TEST_F(Spool, nested_subtransactions_are_crossed_out_one_by_one) {
  // 9 is inside of 8; the server aborts children by messages of their own, and the parent last.
  EXPECT_THAT(send({start(7), row(7, "a"), row(8, "lost"), row(9, "lost"), stop(), abort(7, 9), abort(7, 8),
                    start(7, false), row(10, "b"), row(11, "lost"), stop(), abort(7, 11), commit(7)}),
              ElementsAre(begin(7), "Ia", "Ib", kCommit));
}

TEST_F(Spool, a_rolled_back_transaction_leaves_nothing_and_its_neighbour_alone) {
  send({start(7), row(7, "a"), stop(), start(9), row(9, "x"), stop(), abort(7, 7)});
  EXPECT_EQ(spool.open_transactions(), 1u);
  EXPECT_THAT(send({commit(9)}), ElementsAre(begin(9), "Ix", kCommit));
  EXPECT_EQ(spool.memory(), 0u);
  EXPECT_FALSE(spool.keep(commit(7)));
}

TEST_F(Spool, an_abort_of_something_unknown_is_nothing) {
  EXPECT_THAT(send({abort(7, 7), abort(7, 8)}), IsEmpty());
  EXPECT_EQ(spool.memory(), 0u);
}

TEST_F(Spool, a_relation_described_by_a_rolled_back_subtransaction_is_left_out) {
  EXPECT_THAT(send({start(7), relation_in_block(8, 1, "wide"), row(8, "lost"), stop(), abort(7, 8), start(7, false),
                    relation_in_block(7, 1, "narrow"), row(7, "a"), stop(), commit(7)}),
              ElementsAre(begin(7), relation(1, "narrow"), "Ia", kCommit));
}

TEST_F(Spool, a_newer_relation_that_the_reader_had_is_repeated_before_the_commit) {
  send({start(7), relation_in_block(7, 1, "old"), relation_in_block(7, 2, "other"), row(7, "a"), stop()});
  EXPECT_FALSE(*spool.keep(relation(1, "new")));
  EXPECT_THAT(send({commit(7)}),
              ElementsAre(begin(7), relation(1, "old"), relation(2, "other"), "Ia", relation(1, "new"), kCommit));
}

TEST_F(Spool, a_relation_that_the_transaction_described_last_is_not_replaced_by_an_older_one) {
  send({start(7), relation_in_block(7, 1, "old"), stop()});
  EXPECT_FALSE(*spool.keep(relation(1, "middle")));
  EXPECT_THAT(send({start(7, false), relation_in_block(7, 1, "new"), stop(), commit(7)}),
              ElementsAre(begin(7), relation(1, "old"), relation(1, "new"), kCommit));
}

TEST_F(Spool, a_newer_relation_may_also_have_come_from_another_streamed_transaction) {
  send({start(7), relation_in_block(7, 1, "old"), stop(), start(9), relation_in_block(9, 1, "new"), stop(), commit(9)});
  EXPECT_THAT(send({commit(7)}), ElementsAre(begin(7), relation(1, "old"), relation(1, "new"), kCommit));
}

TEST_F(Spool, one_that_was_rolled_back_taught_the_reader_nothing) {
  send({start(7), relation_in_block(7, 1, "old"), stop(), start(9), relation_in_block(9, 1, "new"), stop(),
        abort(9, 9)});
  EXPECT_THAT(send({commit(7)}), ElementsAre(begin(7), relation(1, "old"), kCommit));
}

TEST_F(Spool, an_origin_inside_of_a_block_has_no_id_and_is_dropped) {
  EXPECT_THAT(send({start(7), "O" + big(5, 8) + std::string("elsewhere\0", 10), row(7, "a"), stop(), commit(7)}),
              ElementsAre(begin(7), "Ia", kCommit));
}

TEST_F(Spool, clear_forgets_everything) {
  send({start(7), row(7, "a"), stop(), start(9), row(9, "b")});
  spool.clear();
  EXPECT_EQ(spool.memory(), 0u);
  EXPECT_FALSE(spool.in_block());
  EXPECT_THAT(send({start(7), row(7, "again"), stop(), commit(7)}), ElementsAre(begin(7), "Iagain", kCommit));
}

TEST(SpoolOrder, what_no_server_sends_is_a_protocol_error) {
  const std::vector<std::vector<std::string>> streams = {
      {stop()},                      // no block
      {commit(7)},                   // never begun
      {start(7, false)},             // its first block was lost
      {start(7), start(7, false)},   // blocks do not nest
      {start(7), stop(), start(7)},  // begins twice
      {start(7), commit(7)},         // inside of a block
      {start(7), abort(7, 7)},       //
      {start(7), "B" + big(1, 8) + big(1, 8) + big(9, 4)},
      {start(7), kCommit},
      {start(7), ""},
      {start(7), "I\1"},
      {"S" + big(7, 4)},  // cut short
      {"A" + big(7, 4)},
      {"E "},
      {start(7), stop(), commit(7).substr(0, 20)},
  };
  for (std::size_t i = 0; i < streams.size(); ++i) {
    StreamSpool spool({"/nowhere", 1000});
    bool refused = false;
    for (const std::string& frame : streams[i]) {
      const auto kept = spool.keep(frame);
      ASSERT_FALSE(refused) << i << ": refused too early";
      refused = !kept;
      if (refused) {
        EXPECT_EQ(kept.error().code, "pg.protocol") << i;
        EXPECT_EQ(kept.error().kind, ErrorKind::permanent) << i;
      }
    }
    EXPECT_TRUE(refused) << i;
  }
}

TEST(SpoolOrder, the_number_of_open_transactions_is_bounded) {
  flusso::test::ScratchFolder folder;
  StreamSpool spool({folder.path(), 1U << 20U});
  std::uint32_t xid = 1;
  for (; xid < 200000; ++xid)
    if (!spool.keep(start(xid)) || !spool.keep(stop())) break;
  EXPECT_LT(xid, 100000u);
}

// The same frames through memory and through files, against a plain list of what must come back.
TEST(SpoolMemory, files_change_nothing_but_where_the_frames_lie) {
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  for (const std::uint64_t memory : {0ULL, 3000ULL, 700000ULL, 1ULL << 40U}) {
    flusso::test::ScratchFolder folder;
    std::mt19937 random(seed);
    StreamSpool spool({folder.path(), memory});
    struct Expected {
      std::vector<std::pair<std::uint32_t, std::string>> frames;
      std::set<std::uint32_t> aborted;
    };
    std::map<std::uint32_t, Expected> open;
    std::size_t committed = 0, rows = 0;
    for (int step = 0; step < 3000; ++step) {
      const auto xid = static_cast<std::uint32_t>(100 * (1 + random() % 5));
      const bool known = open.contains(xid);
      const auto dice = random() % 100;
      if (dice < 90) {
        ASSERT_TRUE(spool.keep(start(xid, !known)));
        auto& [frames, aborted] = open[xid];
        for (auto i = random() % 6; i > 0; --i) {
          auto subxid = static_cast<std::uint32_t>(xid + random() % 8);
          if (aborted.contains(subxid)) subxid = xid;  // no id comes back after its abort
          const std::string body(random() % 50 == 0 ? 300000 : random() % 300, static_cast<char>('a' + random() % 26));
          ASSERT_TRUE(spool.keep(row(subxid, body)));
          ASSERT_LE(spool.memory(), memory + 5 * 512 + 400);
          frames.emplace_back(subxid, "I" + body);
        }
        ASSERT_TRUE(spool.keep(stop()));
      } else if (known && dice < 94) {
        const auto subxid = static_cast<std::uint32_t>(xid + 1 + random() % 7);
        ASSERT_TRUE(spool.keep(abort(xid, subxid)));
        std::erase_if(open[xid].frames, [&](const auto& frame) { return frame.first == subxid; });
        open[xid].aborted.insert(subxid);
      } else if (known && dice < 95) {
        ASSERT_TRUE(spool.keep(abort(xid, xid)));
        open.erase(xid);
      } else if (known) {
        ASSERT_TRUE(spool.keep(commit(xid)));
        ASSERT_EQ(*spool.replay(), begin(xid));
        for (const auto& [subxid, frame] : open[xid].frames) {
          ASSERT_EQ(*spool.replay(), frame);
          ++rows;
        }
        ASSERT_EQ(*spool.replay(), kCommit);
        ASSERT_FALSE(spool.replaying());
        open.erase(xid);
        ++committed;
      }
      EXPECT_TRUE(std::filesystem::is_empty(folder.path()));  // files there have no names
    }
    EXPECT_GT(committed, 50u);
    EXPECT_GT(rows, 1000u);
  }
}

Error error_of_one_row(const std::string& folder, std::size_t bytes = 100) {
  StreamSpool spool({folder, 0});
  EXPECT_TRUE(spool.keep(start(7)));
  const auto kept = spool.keep(row(7, std::string(bytes, 'x')));
  EXPECT_FALSE(kept);
  return kept ? Error{} : kept.error();
}

TEST(SpillFolder, one_that_does_not_exist_is_named_with_the_cure) {
  flusso::test::ScratchFolder folder;
  const Error error = error_of_one_row(folder.path() + "/gone");
  EXPECT_EQ(error.kind, ErrorKind::config);
  EXPECT_EQ(error.code, "pg.spill");
  EXPECT_THAT(error.what, HasSubstr(folder.path() + "/gone"));
  EXPECT_THAT(error.what, HasSubstr("create the folder, or name another one in [source] spill_dir"));
}

TEST(SpillFolder, a_file_is_no_folder) { EXPECT_EQ(error_of_one_row("/dev/null").kind, ErrorKind::config); }

TEST(SpillFolder, one_that_is_full_is_transient_and_says_what_helps) {
  flusso::test::ScratchFolder folder;
  // The limit on file sizes stands in for a full disk: a write ends short, the next one fails.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{3 << 20U, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Error error = error_of_one_row(folder.path(), 4U << 20U);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, before);
  EXPECT_EQ(error.kind, ErrorKind::transient);
  EXPECT_EQ(error.code, "pg.spill");
  EXPECT_THAT(error.what, HasSubstr(folder.path() + " (3 MiB of it are there)"));
  EXPECT_THAT(error.what, HasSubstr("ulimit -f"));
}

TEST(SpillFolder, the_default_follows_TMPDIR) {
  flusso::test::ScratchFolder folder;
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  EXPECT_EQ(default_spill_folder(), folder.path());
  if (before == nullptr)
    ::unsetenv("TMPDIR");
  else
    ::setenv("TMPDIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace flusso::pg
