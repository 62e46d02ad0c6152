#include "stages/confirm.h"

#include <gtest/gtest.h>

namespace flusso::stages {
namespace {

Settled group(std::uint64_t seq, std::optional<Lsn> end = {}) {
  return Settled{GroupSeq{seq}, end, std::make_shared<Lease>()};
}

TEST(Confirm, the_position_moves_with_each_group_that_ends_a_transaction) {
  Confirm confirm(Lsn{100});
  EXPECT_EQ(confirm.durable(), Lsn{100});
  EXPECT_EQ(confirm.settle(group(0, Lsn{110})), Lsn{110});
  EXPECT_EQ(confirm.settle(group(1)), std::nullopt) << "the middle of a large transaction";
  EXPECT_EQ(confirm.settle(group(2, Lsn{110})), std::nullopt) << "nothing new";
  EXPECT_EQ(confirm.settle(group(3, Lsn{130})), Lsn{130});
  EXPECT_EQ(confirm.durable(), Lsn{130});
}

TEST(Confirm, the_change_lease_of_a_confirmed_group_is_free) {
  ByteBudget budget("changes", 10);
  Confirm confirm(Lsn{0});
  Settled settled{GroupSeq{0}, Lsn{1}, std::make_shared<Lease>(*budget.try_acquire(10, Urgency::live))};
  confirm.settle(std::move(settled));
  EXPECT_EQ(budget.used(), 0U);
}

TEST(ConfirmDeath, a_group_out_of_order_ends_the_process) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        Confirm confirm(Lsn{0});
        confirm.settle(group(1, Lsn{5}));
      },
      "groups must be confirmed in order");
}

TEST(ConfirmDeath, a_position_that_goes_back_ends_the_process) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        Confirm confirm(Lsn{100});
        confirm.settle(group(0, Lsn{99}));
      },
      "a confirmed position must never go back");
}

}  // namespace
}  // namespace flusso::stages
