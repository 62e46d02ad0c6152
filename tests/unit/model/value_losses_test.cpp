#include "model/value_losses.h"

#include <gtest/gtest.h>

#include "model/intake.h"

namespace flusso {
namespace {

TEST(ValueLosses, are_added_up_per_index_field_and_kind_and_the_first_is_told_apart) {
  ValueLosses losses;
  EXPECT_TRUE(losses.add("users", {"balance", LossKind::not_finite, 2}));
  EXPECT_FALSE(losses.add("users", {"balance", LossKind::not_finite, 3}));
  EXPECT_TRUE(losses.add("users", {"born", LossKind::date_range, 1}));
  EXPECT_TRUE(losses.add("orders", {"balance", LossKind::not_finite, 1}));
  const auto entries = losses.entries();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].index, "orders");
  EXPECT_EQ(entries[1].loss.field, "balance");
  EXPECT_EQ(entries[1].loss.count, 5U);
  EXPECT_EQ(entries[2].loss.kind, LossKind::date_range);
}

TEST(ValueLosses, of_an_intake_travel_with_the_batch_also_without_a_row) {
  ByteBudget budget("documents", 1 << 20);
  std::vector<DocBatch> batches;
  Intake intake(IndexId{0}, budget, {}, [&](DocBatch batch) { batches.push_back(std::move(batch)); }, {});
  ASSERT_TRUE(intake.add("1", "{}", Targets{1}));
  intake.add_loss("a", LossKind::not_finite);
  intake.add_loss("a", LossKind::not_finite, 2);
  intake.add_loss("a", LossKind::date_range);
  intake.flush();
  intake.flush();
  intake.add_loss("id", LossKind::null_key, 7);
  intake.flush();
  ASSERT_EQ(batches.size(), 2U);
  ASSERT_EQ(batches[0].losses.size(), 2U);
  EXPECT_EQ(batches[0].losses[0].count, 3U);
  EXPECT_TRUE(batches[1].rows.empty());
  ASSERT_EQ(batches[1].losses.size(), 1U);
  EXPECT_EQ(batches[1].losses[0].count, 7U);
}

}  // namespace
}  // namespace flusso
