#pragma once
// A set of transaction ids as runs of neighbours: a loop that catches an error per row leaves millions of aborted
// subtransactions behind, one after the other, and they take a few bytes. Thread: one.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

#include "model/ids.h"

namespace flusso::pg {

class XidSet {
 public:
  void insert(Xid xid) {
    const auto next = std::upper_bound(runs_.begin(), runs_.end(), xid.value, begins_behind);
    const bool follows = next != runs_.begin();
    if (follows && std::prev(next)->last >= xid.value) return;
    const bool extends = follows && std::prev(next)->last + 1 == xid.value;
    const bool precedes = next != runs_.end() && next->first - 1 == xid.value;
    if (extends && precedes) {
      std::prev(next)->last = next->last;
      runs_.erase(next);
    } else if (extends) {
      std::prev(next)->last = xid.value;
    } else if (precedes) {
      next->first = xid.value;
    } else {
      runs_.insert(next, Run{xid.value, xid.value});
    }
  }
  bool contains(Xid xid) const {
    const auto next = std::upper_bound(runs_.begin(), runs_.end(), xid.value, begins_behind);
    return next != runs_.begin() && std::prev(next)->last >= xid.value;
  }
  std::size_t bytes() const { return runs_.capacity() * sizeof(Run); }

 private:
  struct Run {
    std::uint32_t first, last;
  };
  static bool begins_behind(std::uint32_t xid, const Run& run) { return xid < run.first; }

  std::vector<Run> runs_;  // in order, apart from each other
};

}  // namespace flusso::pg
