#include "stages/fence.h"

#include <algorithm>

namespace flusso::stages {

bool is_visible(Xid xid, const SnapshotXids& snapshot) {
  const auto distance = static_cast<std::int32_t>(xid.value - static_cast<std::uint32_t>(snapshot.xmax));
  const std::uint64_t full = snapshot.xmax + static_cast<std::uint64_t>(static_cast<std::int64_t>(distance));
  if (full < snapshot.xmin) return true;
  if (full >= snapshot.xmax) return false;
  return !std::binary_search(snapshot.xip.begin(), snapshot.xip.end(), full);
}

template <class Predicate>
std::vector<ChangeBatch> Fence::take_if(Predicate&& pass) {
  std::vector<ChangeBatch> passed;
  std::vector<ChangeBatch> kept;
  for (ChangeBatch& batch : waiting_) (pass(batch) ? passed : kept).push_back(std::move(batch));
  waiting_ = std::move(kept);
  return passed;
}

std::vector<ChangeBatch> Fence::take_unchecked() {
  return take_if([](const ChangeBatch& batch) { return batch.xids.empty(); });
}

std::vector<ChangeBatch> Fence::release(const SnapshotXids& snapshot) {
  return take_if([&](const ChangeBatch& batch) {
    return std::all_of(batch.xids.begin(), batch.xids.end(), [&](Xid xid) { return is_visible(xid, snapshot); });
  });
}

}  // namespace flusso::stages
