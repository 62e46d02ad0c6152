#include "stages/fence.h"

#include <gtest/gtest.h>

#include <vector>

namespace flusso::stages {
namespace {

struct Visibility {
  const char* name;
  std::uint32_t xid;
  SnapshotXids snapshot;
  bool visible;
};

TEST(Fence, a_transaction_is_visible_below_xmin_or_below_xmax_and_not_in_progress) {
  const std::uint64_t epoch = 3ULL << 32U;
  const Visibility table[] = {
      {"below xmin", 99, {100, 110, {100, 105}}, true},
      {"xmin itself in progress", 100, {100, 110, {100, 105}}, false},
      {"between, ended", 104, {100, 110, {100, 105}}, true},
      {"between, in progress", 105, {100, 110, {100, 105}}, false},
      {"xmax", 110, {100, 110, {100, 105}}, false},
      {"above xmax", 111, {100, 110, {}}, false},
      {"nothing in progress", 109, {110, 110, {}}, true},
      {"in a later epoch", 99, {epoch + 100, epoch + 110, {epoch + 100}}, true},
      {"in progress in a later epoch", 100, {epoch + 100, epoch + 110, {epoch + 100}}, false},
      {"before the wrap, seen after it", 0xFFFFFFF0U, {epoch + 5, epoch + 10, {epoch + 5}}, true},
      {"before the wrap, in progress after it", 0xFFFFFFF0U, {epoch - 16, epoch + 10, {epoch - 16}}, false},
      {"after the wrap, not begun before it", 4, {epoch - 20, epoch - 10, {}}, false},
  };
  for (const Visibility& row : table) EXPECT_EQ(is_visible(Xid{row.xid}, row.snapshot), row.visible) << row.name;
}

ChangeBatch batch(std::uint64_t seq, std::vector<std::uint32_t> xids) {
  ChangeBatch changes;
  changes.seq = GroupSeq{seq};
  for (const std::uint32_t xid : xids) changes.xids.push_back(Xid{xid});
  return changes;
}

std::vector<std::uint64_t> seqs(const std::vector<ChangeBatch>& batches) {
  std::vector<std::uint64_t> result;
  for (const ChangeBatch& changes : batches) result.push_back(changes.seq.value);
  return result;
}

TEST(Fence, a_batch_passes_when_every_transaction_in_it_is_visible) {
  Fence fence;
  fence.add(batch(0, {100, 105}));
  fence.add(batch(1, {101}));
  fence.add(batch(2, {100}));
  EXPECT_EQ(seqs(fence.release(SnapshotXids{100, 110, {105}})), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(fence.size(), 1U);
  EXPECT_TRUE(fence.release(SnapshotXids{105, 110, {105}}).empty());
  EXPECT_EQ(seqs(fence.release(SnapshotXids{106, 110, {}})), (std::vector<std::uint64_t>{0}));
  EXPECT_TRUE(fence.empty());
}

TEST(Fence, a_batch_without_changes_passes_without_a_snapshot_and_without_the_others) {
  Fence fence;
  fence.add(batch(0, {100}));
  fence.add(batch(1, {}));
  EXPECT_EQ(seqs(fence.take_unchecked()), (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(fence.size(), 1U);
}

TEST(Fence, clear_forgets_what_waits) {
  Fence fence;
  fence.add(batch(0, {100}));
  fence.clear();
  EXPECT_TRUE(fence.empty());
}

}  // namespace
}  // namespace flusso::stages
