#pragma once
// How many changes are between capture and confirm. Groups are confirmed in the order in which they were put, so a
// queue of their sizes tells what each confirmation ends; what a failed run leaves behind is forgotten as a whole,
// because the next run reads it again. Thread: any.

#include <cstdint>
#include <deque>
#include <mutex>

namespace flusso::pipeline {

class ChangeCount {
 public:
  struct Totals {
    std::uint64_t captured = 0;   // those read again after a failure count again
    std::uint64_t committed = 0;  // confirmed: durable in every sink
    std::uint64_t in_flight = 0;  // of the present run
  };

  // A group with that many changes enters the run.
  void put(std::uint64_t changes) {
    const std::scoped_lock lock(mutex_);
    groups_.push_back(changes);
    totals_.captured += changes;
    totals_.in_flight += changes;
  }
  // The oldest group is confirmed.
  void confirm() {
    const std::scoped_lock lock(mutex_);
    if (groups_.empty()) return;
    totals_.committed += groups_.front();
    totals_.in_flight -= groups_.front();
    groups_.pop_front();
  }
  // The run is over.
  void forget() {
    const std::scoped_lock lock(mutex_);
    groups_.clear();
    totals_.in_flight = 0;
  }
  Totals totals() const {
    const std::scoped_lock lock(mutex_);
    return totals_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::uint64_t> groups_;  // changes of each group that is not confirmed, oldest first
  Totals totals_;
};

}  // namespace flusso::pipeline
