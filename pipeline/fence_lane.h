#pragma once
// The fence lane: batches wait until their transactions are visible to reads (design 6-b); one query answers for all
// that wait. Thread: push and stop from any; the lane is a thread of its own.

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "model/ports/backends.h"
#include "pipeline/graph_nodes.h"
#include "pipeline/run_state.h"
#include "stages/fence.h"

namespace flusso::pipeline {

struct FenceJob {
  ChangeBatch batch;
  Hold<FenceNode::gateway_type> hold;
};

class FenceLane {
 public:
  FenceLane(Backends& backends, RunState& run);
  ~FenceLane() { stop(); }

  void push(FenceJob job);
  // Drops what waits and joins. Idempotent.
  void stop();

 private:
  void pass(std::vector<ChangeBatch> batches);
  void work(const std::stop_token& stop);
  // Takes what has arrived, waiting for it at most until it is time to ask again.
  void take_arrived(const std::stop_token& stop, Millis ask_again);

  std::unique_ptr<Visibility> visibility_;
  RunState& run_;
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::vector<FenceJob> arrived_jobs_;
  bool stopped_ = false;
  stages::Fence fence_;
  std::map<std::uint64_t, Hold<FenceNode::gateway_type>> holds_;
  std::jthread thread_;
};

}  // namespace flusso::pipeline
