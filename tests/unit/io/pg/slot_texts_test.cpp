// What is pure about slots: the statement that makes one, why one is lost, and the server's timeline history.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/pg/slot.h"
#include "io/pg/timeline.h"

namespace flusso::pg {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(SlotTexts, a_slot_is_made_to_survive_a_failover_where_the_server_can_do_that) {
  const std::string plain = "SELECT lsn FROM pg_catalog.pg_create_logical_replication_slot('shop', 'pgoutput')";
  EXPECT_EQ(create_slot_sql("shop", 140000), plain);
  EXPECT_EQ(create_slot_sql("shop", 169999), plain);
  EXPECT_EQ(create_slot_sql("shop", 170000),
            "SELECT lsn FROM pg_catalog.pg_create_logical_replication_slot('shop', 'pgoutput', failover => true)");
}

TEST(SlotTexts, a_lost_slot_names_the_setting_behind_it) {
  SlotInfo info;
  info.wal_status = "unreserved";
  EXPECT_THAT(why_invalid(info), IsEmpty());
  info.wal_status = "lost";
  EXPECT_THAT(why_invalid(info), HasSubstr("max_slot_wal_keep_size"));
  info.cause = "idle_timeout";
  EXPECT_THAT(why_invalid(info), HasSubstr("idle_replication_slot_timeout"));
  info.cause = "rows_removed";
  EXPECT_THAT(why_invalid(info), HasSubstr("rows_removed"));
}

TEST(TimelineHistory, lines_are_read_and_comments_passed_over) {
  const auto ends = parse_timeline_history(
      "# made by hand\n1\t0/3000158\tno recovery target specified\n\n2\t1/A0\tbefore 2000-01-01 00:00:00+00\n");
  ASSERT_TRUE(ends) << ends.error().what;
  ASSERT_EQ(ends->size(), 2U);
  EXPECT_EQ(ends->at(0).timeline, 1U);
  EXPECT_EQ(ends->at(0).end, Lsn{0x3000158});
  EXPECT_EQ(ends->at(1).timeline, 2U);
  EXPECT_EQ(ends->at(1).end, (Lsn{0x1000000A0}));
  EXPECT_TRUE(parse_timeline_history("")->empty());
}

TEST(TimelineHistory, what_is_no_history_is_an_error) {
  for (const char* text : {"x\t0/1\n", "1\n", "1\tnowhere\n", "1x\t0/1\n", "99999999999\t0/1\n", "-1\t0/1\n"})
    EXPECT_FALSE(parse_timeline_history(text)) << text;
}

}  // namespace
}  // namespace flusso::pg
