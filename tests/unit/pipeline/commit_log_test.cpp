#include "pipeline/commit_log.h"

#include <gtest/gtest.h>

namespace flusso::pipeline {
namespace {

CommitMark mark(std::uint64_t end, std::uint32_t xid) { return CommitMark{Lsn{end}, Xid{xid}}; }

TEST(CommitLog, tells_the_last_commit_at_or_below_a_position) {
  CommitLog log({});
  EXPECT_EQ(log.last_up_to(Lsn{100}), std::nullopt);
  for (const std::uint64_t end : {10U, 20U, 30U})
    ASSERT_TRUE(log.committed(mark(end, static_cast<std::uint32_t>(end))));
  EXPECT_EQ(log.last_up_to(Lsn{9}), std::nullopt);
  EXPECT_EQ(log.last_up_to(Lsn{20}), mark(20, 20));
  EXPECT_EQ(log.last_up_to(Lsn{29}), std::nullopt) << "told before";
  EXPECT_EQ(log.last_up_to(Lsn{35}), mark(30, 30));
}

TEST(CommitLog, forgets_some_of_very_many_but_never_shows_one_above_the_position) {
  CommitLog log({});
  for (std::uint64_t end = 1; end <= 100'000; ++end) ASSERT_TRUE(log.committed(mark(end, 1)));
  const auto last = log.last_up_to(Lsn{60'000});
  ASSERT_TRUE(last);
  EXPECT_LE(last->end_lsn, Lsn{60'000});
  EXPECT_EQ(log.last_up_to(Lsn{100'000}), mark(100'000, 1));
}

TEST(CommitLog, the_expected_commit_may_come_after_others) {
  CommitLog log(mark(20, 7));
  EXPECT_TRUE(log.reached(Lsn{19}));
  EXPECT_TRUE(log.committed(mark(10, 6)));
  EXPECT_TRUE(log.committed(mark(20, 7)));
  EXPECT_TRUE(log.committed(mark(30, 8)));
  EXPECT_TRUE(log.reached(Lsn{40}));
}

TEST(CommitLog, another_commit_in_its_place_is_another_history) {
  CommitLog log(mark(20, 7));
  const Status other = log.committed(mark(20, 9));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "source.history_changed");
  EXPECT_NE(other.error().what.find("shows transaction 9 at 0/14, where transaction 7 had ended"), std::string::npos);
}

TEST(CommitLog, a_stream_that_passes_its_place_is_another_history) {
  CommitLog by_commit(mark(20, 7));
  EXPECT_FALSE(by_commit.committed(mark(21, 7)));
  CommitLog by_position(mark(20, 7));
  const Status passed = by_position.reached(Lsn{20});
  ASSERT_FALSE(passed);
  EXPECT_EQ(passed.error().code, "source.history_changed");
}

}  // namespace
}  // namespace flusso::pipeline
