#include "pipeline/history.h"

#include <gmock/gmock.h>

namespace flusso::pipeline {
namespace {

using ::testing::HasSubstr;

struct Case {
  SourceRecord record{"one", 5, 1, "shop", Lsn{0x2000}, {}, {}};
  SourceView found{"one", 5, "db", 1, {}, Lsn{0x3000}, SourceView::Slot{Lsn{0x1800}, ""}, false};
  std::string gap() const { return gap_of(record, found, "shop").value_or("none"); }
};

TEST(History, a_slot_at_or_below_the_claim_goes_on) {
  Case c;
  EXPECT_EQ(c.gap(), "none");
  c.found.slot->confirmed_flush = c.record.claimed;
  EXPECT_EQ(c.gap(), "none");
  c.found.wal_end = c.record.claimed;
  EXPECT_EQ(c.gap(), "none");
}

TEST(History, a_slot_past_the_claim_is_a_gap_with_both_positions) {
  Case c;
  c.found.slot->confirmed_flush = Lsn{0x2001};
  EXPECT_THAT(c.gap(), HasSubstr("stands at 0/2001, past 0/2000"));
}

TEST(History, a_slot_that_is_gone_is_a_gap_with_the_position_it_had) {
  Case c;
  c.found.slot.reset();
  EXPECT_THAT(c.gap(), HasSubstr("\"shop\" does not exist any more; the sink followed it up to 0/2000"));
}

TEST(History, a_slot_that_was_invalidated_is_a_gap_that_says_why) {
  Case c;
  c.found.slot->invalid = "WAL was removed";
  EXPECT_THAT(c.gap(), HasSubstr("cannot go on from 0/1800: WAL was removed"));
}

TEST(History, another_cluster_or_database_is_a_gap_whatever_its_slot_says) {
  Case c;
  c.found.system_id = "two";
  c.found.slot.reset();
  EXPECT_THAT(c.gap(), HasSubstr("another Postgres cluster (system identifier one, this one is two)"));
  Case d;
  d.found.database_oid = 6;
  EXPECT_THAT(d.gap(), HasSubstr("another database"));
}

TEST(History, wal_that_ends_before_the_claim_means_a_restored_server) {
  Case c;
  c.found.wal_end = Lsn{0x1fff};
  EXPECT_THAT(c.gap(), HasSubstr("WAL ends at 0/1FFF, before 0/2000"));
}

TEST(History, a_higher_timeline_is_a_gap_only_when_it_left_ours_below_the_claim) {
  Case c;
  c.found.timeline = 3;
  c.found.earlier = {{1, Lsn{0x2000}}, {2, Lsn{0x2100}}};
  EXPECT_EQ(c.gap(), "none");
  c.found.earlier[0].end = Lsn{0x1fff};
  EXPECT_THAT(c.gap(), HasSubstr("left timeline 1 at 0/1FFF, before 0/2000"));
  c.found.earlier = {{2, Lsn{0x2100}}};
  EXPECT_THAT(c.gap(), HasSubstr("does not come from timeline 1"));
  c.record.timeline = 4;
  EXPECT_THAT(c.gap(), HasSubstr("is on timeline 3, the sink followed timeline 4"));
}

TEST(History, a_publication_that_is_gone_is_a_gap_for_a_slot_that_holds_changes) {
  Case c;
  c.found.publication_missing = true;
  EXPECT_THAT(c.gap(), HasSubstr("publication was dropped"));
}

TEST(History, the_refusal_names_both_ways_out) {
  const Error error = slot_lost("the slot is gone");
  EXPECT_EQ(error.kind, ErrorKind::permanent);
  EXPECT_EQ(error.code, "source.slot_lost");
  EXPECT_THAT(error.what, HasSubstr("the slot is gone; "));
  EXPECT_THAT(error.what, HasSubstr("--on-slot-lost reseed"));
  EXPECT_THAT(error.what, HasSubstr("on_slot_lost = \"reseed\""));
}

}  // namespace
}  // namespace flusso::pipeline
