#include "pipeline/slot_watch.h"

#include <gmock/gmock.h>

namespace flusso::pipeline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kMib = 1ULL << 20U;

SlotHealth healthy() {
  SlotHealth health;
  health.exists = true;
  health.confirmed_flush = Lsn{100};
  health.wal_status = "reserved";
  return health;
}

TEST(WalWarning, an_amount_is_warned_of_once_then_every_minute_and_again_after_it_had_gone) {
  WalWarning warning(10 * kMib);
  SlotHealth health = healthy();
  const SteadyTime start{};
  health.retained_bytes = 10 * kMib;
  EXPECT_THAT(warning.look(health, start), IsEmpty());
  health.retained_bytes = 11 * kMib;
  EXPECT_THAT(warning.look(health, start), HasSubstr("keeps 11 MiB"));
  EXPECT_THAT(warning.look(health, start + Millis{59'999}), IsEmpty());
  EXPECT_THAT(warning.look(health, start + Millis{60'000}), HasSubstr("keeps 11 MiB"));
  health.retained_bytes = 0;
  EXPECT_THAT(warning.look(health, start + Millis{60'001}), IsEmpty());
  health.retained_bytes = 12 * kMib;
  EXPECT_THAT(warning.look(health, start + Millis{60'002}), HasSubstr("keeps 12 MiB"));
}

TEST(WalWarning, a_status_is_warned_of_whatever_the_amount_and_at_once_when_it_gets_worse) {
  WalWarning warning(0);
  SlotHealth health = healthy();
  health.retained_bytes = 1000 * kMib;
  EXPECT_THAT(warning.look(health, SteadyTime{}), IsEmpty()) << "0 switches the amount off";
  health.wal_status = "extended";
  health.safe_wal_bytes = 5 * kMib;
  const std::string extended = warning.look(health, SteadyTime{});
  EXPECT_THAT(extended, HasSubstr("wal_status is extended"));
  EXPECT_THAT(extended, HasSubstr("lost after 5 MiB more"));
  EXPECT_THAT(warning.look(health, SteadyTime{}), IsEmpty());
  health.wal_status = "unreserved";
  health.safe_wal_bytes = -3;
  EXPECT_THAT(warning.look(health, SteadyTime{}), HasSubstr("lost after 0 MiB more"));
}

TEST(SlotFault, only_a_slot_that_is_gone_lost_or_ahead_of_us_ends_a_run) {
  SlotHealth health = healthy();
  EXPECT_THAT(slot_fault(health, Lsn{100}, "shop"), IsEmpty());
  EXPECT_THAT(slot_fault(health, Lsn{200}, "shop"), IsEmpty());
  EXPECT_THAT(slot_fault(health, Lsn{99}, "shop"), HasSubstr("stands at 0/64, past 0/63"));
  health.invalid = "WAL was removed";
  EXPECT_THAT(slot_fault(health, Lsn{100}, "shop"), HasSubstr("is lost: WAL was removed"));
  EXPECT_THAT(slot_fault(SlotHealth{}, Lsn{100}, "shop"), HasSubstr("\"shop\" does not exist any more"));
}

}  // namespace
}  // namespace flusso::pipeline
