#pragma once
// Requests on the wire. When the run is abandoned the holds are dropped and late replies find nothing.
// Thread: any.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "pipeline/graph_nodes.h"

namespace flusso::pipeline {

class OnTheWire {
 public:
  std::uint64_t add(Hold<SendNode::gateway_type> hold) {
    const std::scoped_lock lock(mutex_);
    if (closed_) return 0;
    holds_.emplace(++last_, std::move(hold));
    return last_;
  }
  std::optional<Hold<SendNode::gateway_type>> take(std::uint64_t id) {
    const std::scoped_lock lock(mutex_);
    const auto found = holds_.find(id);
    if (found == holds_.end()) return std::nullopt;
    std::optional<Hold<SendNode::gateway_type>> hold(std::move(found->second));
    holds_.erase(found);
    return hold;
  }
  void close() {
    std::map<std::uint64_t, Hold<SendNode::gateway_type>> dropped;
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    dropped.swap(holds_);
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, Hold<SendNode::gateway_type>> holds_;
  std::uint64_t last_ = 0;
  bool closed_ = false;
};

}  // namespace flusso::pipeline
