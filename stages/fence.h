#pragma once
// The visibility fence: a delivered commit may still be invisible to new snapshots, and a document read in that window
// would be stale for ever. A batch passes only when every transaction in it is visible (design 6-0).
// Thread: one (the fence lane). Pure.

#include <cstdint>
#include <vector>

#include "model/change.h"
#include "model/ports/source.h"

namespace flusso::stages {

// Is a 32-bit transaction id visible to that snapshot? The id is widened to the value nearest to xmax.
bool is_visible(Xid xid, const SnapshotXids& snapshot);

class Fence {
 public:
  void add(ChangeBatch batch) { waiting_.push_back(std::move(batch)); }
  // Batches that need no check at all (they carry no change) pass without a snapshot.
  std::vector<ChangeBatch> take_unchecked();
  // Batches whose transactions are all visible in `snapshot`, in arrival order.
  std::vector<ChangeBatch> release(const SnapshotXids& snapshot);
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  void clear() { waiting_.clear(); }

 private:
  template <class Predicate>
  std::vector<ChangeBatch> take_if(Predicate&& pass);
  std::vector<ChangeBatch> waiting_;
};

}  // namespace flusso::stages
