#include "stages/assemble.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/stages/documents.h"

namespace flusso::stages {
namespace {

// An assembler with rows of one text column of table 0.
class Stream {
 public:
  explicit Stream(std::uint64_t confirmed = 0, AssembleLimits limits = {}) : assemble(Lsn{confirmed}, limits) {}
  void row(const std::string& text, int ms = 0) {
    const std::vector<FieldText> fields{FieldText{FieldText::State::text, text}};
    assemble.row(RowEvent{TableId{0}, ChangeOp::insert, nullptr, &fields}, at(ms));
  }
  void transaction(std::uint32_t xid, std::uint64_t end, int rows = 1) {
    assemble.begin(Xid{xid});
    for (int i = 0; i < rows; ++i) row("x");
    assemble.commit(Xid{xid}, Lsn{end}, at(0));
  }
  Assemble assemble;
};

TEST(Assemble, a_group_closes_at_a_commit_when_nothing_more_can_be_read) {
  Stream stream;
  stream.transaction(7, 100, 2);
  EXPECT_FALSE(stream.assemble.ready(true, at(0)));
  ASSERT_TRUE(stream.assemble.ready(false, at(0)));
  const ChangeBatch group = stream.assemble.take();
  EXPECT_EQ(group.changes.size(), 2U);
  EXPECT_EQ(group.xids, std::vector<Xid>{Xid{7}});
  EXPECT_EQ(group.end_lsn, Lsn{100});
  EXPECT_EQ(group.seq, GroupSeq{0});
}

TEST(Assemble, transactions_that_can_be_read_at_once_share_a_group_with_the_last_position) {
  Stream stream;
  stream.transaction(7, 100);
  stream.transaction(8, 120);
  const ChangeBatch group = stream.assemble.take();
  EXPECT_EQ(group.xids, (std::vector<Xid>{Xid{7}, Xid{8}}));
  EXPECT_EQ(group.end_lsn, Lsn{120});
}

TEST(Assemble, only_the_last_part_of_a_large_transaction_carries_its_position) {
  Stream stream(0, AssembleLimits{2, 1 << 20, Millis{50}});
  stream.assemble.begin(Xid{7});
  stream.row("a");
  EXPECT_FALSE(stream.assemble.ready(false, at(0))) << "the transaction goes on";
  stream.row("b");
  ASSERT_TRUE(stream.assemble.ready(true, at(0)));
  const ChangeBatch first = stream.assemble.take();
  EXPECT_FALSE(first.end_lsn.has_value());
  EXPECT_EQ(first.xids, std::vector<Xid>{Xid{7}});
  stream.row("c");
  stream.assemble.commit(Xid{7}, Lsn{100}, at(0));
  const ChangeBatch last = stream.assemble.take();
  EXPECT_EQ(last.end_lsn, Lsn{100});
  EXPECT_EQ(last.xids, std::vector<Xid>{Xid{7}}) << "every part must wait until the transaction is visible";
  EXPECT_EQ(last.seq, GroupSeq{1});
}

TEST(Assemble, a_group_that_reaches_into_an_open_transaction_confirms_nothing) {
  Stream stream;
  stream.transaction(7, 100);
  stream.assemble.begin(Xid{8});
  stream.row("open");
  EXPECT_FALSE(stream.assemble.take().end_lsn.has_value());
  stream.assemble.commit(Xid{8}, Lsn{120}, at(0));
  EXPECT_EQ(stream.assemble.take().end_lsn, Lsn{120});
}

TEST(Assemble, a_begin_alone_takes_nothing_from_the_commit_before_it) {
  Stream stream;
  stream.transaction(7, 100);
  stream.assemble.begin(Xid{8});
  EXPECT_EQ(stream.assemble.take().end_lsn, Lsn{100});
}

struct Limit {
  const char* name;
  AssembleLimits limits;
  int rows;
  int now_ms;
};

TEST(Assemble, a_group_closes_at_each_of_its_limits_even_if_more_is_coming) {
  const Limit table[] = {
      {"changes", {3, 1 << 20, Millis{1000}}, 3, 0},
      {"bytes", {1000, 130, Millis{1000}}, 4, 0},
      {"age", {1000, 1 << 20, Millis{50}}, 1, 50},
  };
  for (const Limit& limit : table) {
    Stream stream(0, limit.limits);
    stream.assemble.begin(Xid{7});
    for (int i = 0; i < limit.rows; ++i) {
      EXPECT_FALSE(stream.assemble.ready(true, at(0))) << limit.name << " after " << i;
      stream.row("ten letter");
    }
    EXPECT_TRUE(stream.assemble.ready(true, at(limit.now_ms))) << limit.name;
  }
}

TEST(Assemble, the_deadline_is_the_age_of_the_first_event_of_the_group) {
  Stream stream(0, AssembleLimits{100, 1 << 20, Millis{50}});
  EXPECT_FALSE(stream.assemble.deadline().has_value());
  stream.assemble.begin(Xid{7});
  stream.row("a", 10);
  stream.row("b", 40);
  EXPECT_EQ(stream.assemble.deadline(), at(60));
}

TEST(Assemble, texts_keep_their_state_and_content) {
  Stream stream;
  const std::vector<FieldText> old_fields{FieldText{FieldText::State::text, "old"},
                                          FieldText{FieldText::State::missing, {}}};
  const std::vector<FieldText> new_fields{FieldText{FieldText::State::null, {}},
                                          FieldText{FieldText::State::unchanged, {}}};
  stream.assemble.begin(Xid{7});
  stream.assemble.row(RowEvent{TableId{3}, ChangeOp::update, &old_fields, &new_fields}, at(0));
  stream.assemble.row(RowEvent{TableId{4}, ChangeOp::remove, &old_fields, nullptr}, at(0));
  const ChangeBatch group = stream.assemble.take();
  ASSERT_EQ(group.changes.size(), 2U);
  EXPECT_EQ(group.changes[0].table, TableId{3});
  EXPECT_EQ(group.field(group.changes[0].old_fields, 0).text, "old");
  EXPECT_EQ(group.field(group.changes[0].old_fields, 1).state, FieldText::State::missing);
  EXPECT_EQ(group.field(group.changes[0].new_fields, 0).state, FieldText::State::null);
  EXPECT_EQ(group.field(group.changes[0].new_fields, 1).state, FieldText::State::unchanged);
  EXPECT_EQ(group.changes[1].new_fields, -1);
}

TEST(Assemble, a_keepalive_is_an_empty_group_with_the_servers_position) {
  Stream stream(100);
  stream.assemble.keepalive(Lsn{150}, at(0));
  ASSERT_TRUE(stream.assemble.ready(false, at(0)));
  const ChangeBatch group = stream.assemble.take();
  EXPECT_TRUE(group.changes.empty());
  EXPECT_TRUE(group.xids.empty());
  EXPECT_EQ(group.end_lsn, Lsn{150});
}

TEST(Assemble, keepalives_that_say_nothing_new_are_dropped) {
  Stream stream(100);
  stream.assemble.keepalive(Lsn{90}, at(0));
  stream.assemble.keepalive(Lsn{100}, at(0));
  EXPECT_FALSE(stream.assemble.ready(false, at(1000)));
  stream.assemble.keepalive(Lsn{101}, at(0));
  stream.assemble.keepalive(Lsn{105}, at(0));
  EXPECT_EQ(stream.assemble.take().end_lsn, Lsn{105}) << "consecutive ones are one group";
  stream.assemble.keepalive(Lsn{103}, at(0));
  EXPECT_FALSE(stream.assemble.ready(false, at(1000))) << "positions go back after a reconnect";
}

TEST(Assemble, a_keepalive_inside_a_transaction_says_nothing) {
  Stream stream;
  stream.assemble.begin(Xid{7});
  stream.row("a");
  stream.assemble.keepalive(Lsn{500}, at(0));
  EXPECT_FALSE(stream.assemble.take().end_lsn.has_value());
}

TEST(Assemble, a_transaction_that_touches_none_of_our_tables_still_moves_the_position) {
  Stream stream;
  stream.assemble.begin(Xid{7});
  stream.assemble.commit(Xid{7}, Lsn{100}, at(0));
  const ChangeBatch group = stream.assemble.take();
  EXPECT_EQ(group.end_lsn, Lsn{100});
  EXPECT_TRUE(group.xids.empty());
}

TEST(Assemble, a_replayed_transaction_counts_with_its_changes_but_not_with_its_old_position) {
  Stream stream(0);
  stream.transaction(7, 100);
  EXPECT_EQ(stream.assemble.take().end_lsn, Lsn{100});
  stream.transaction(6, 90);
  const ChangeBatch replayed = stream.assemble.take();
  EXPECT_EQ(replayed.changes.size(), 1U);
  EXPECT_FALSE(replayed.end_lsn.has_value());
}

TEST(Assemble, a_replayed_transaction_does_not_swallow_the_position_of_the_group_it_joins) {
  Stream stream(0);
  stream.transaction(7, 100);
  stream.transaction(6, 90);
  EXPECT_EQ(stream.assemble.take().end_lsn, Lsn{100});
}

TEST(Assemble, a_position_taken_back_by_a_reconnect_is_given_out_when_it_is_reached_again) {
  Stream stream(0);
  stream.transaction(7, 100);
  stream.assemble.begin(Xid{8});
  stream.row("half, then the connection is lost");
  EXPECT_FALSE(stream.assemble.take().end_lsn.has_value());
  stream.transaction(7, 100);
  EXPECT_EQ(stream.assemble.take().end_lsn, Lsn{100});
}

TEST(Assemble, a_gap_waits_for_visibility_and_for_its_commit) {
  Stream stream;
  stream.assemble.begin(Xid{7});
  stream.assemble.gap(
      CaptureGap{{{TableId{2}, GapReason::truncated, {}}, {TableId{3}, GapReason::definition_changed, {}}}}, at(0));
  stream.assemble.commit(Xid{7}, Lsn{100}, at(0));
  const ChangeBatch group = stream.assemble.take();
  EXPECT_EQ(group.gaps, (std::vector<TableGap>{{TableId{2}, GapReason::truncated, Xid{7}},
                                               {TableId{3}, GapReason::definition_changed, Xid{7}}}));
  EXPECT_EQ(group.xids, std::vector<Xid>{Xid{7}});
  EXPECT_EQ(group.end_lsn, Lsn{100});
}

}  // namespace
}  // namespace flusso::stages
