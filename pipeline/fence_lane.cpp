#include "pipeline/fence_lane.h"

#include <algorithm>
#include <utility>

#include "model/clock.h"
#include "model/log.h"
#include "model/thread_name.h"
#include "pipeline/guarded.h"
#include "pipeline/read_lane.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kFenceLog{"pipeline"};
constexpr Millis kFirstPause{1};
constexpr Millis kLongestPause{50};
constexpr Millis kWarnAfter{5000};

}  // namespace

FenceLane::FenceLane(Backends& backends, RunState& run) : visibility_(backends.visibility()), run_(run) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    name_this_thread("fence");
    guarded(run_, "fence", [&] { work(stop); });
  });
}

void FenceLane::push(FenceJob job) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    arrived_jobs_.push_back(std::move(job));
  }
  arrived_.notify_one();
}

void FenceLane::stop() {
  std::vector<FenceJob> dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    dropped.swap(arrived_jobs_);
  }
  thread_.request_stop();
  arrived_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void FenceLane::pass(std::vector<ChangeBatch> batches) {
  for (ChangeBatch& batch : batches) {
    auto held = holds_.extract(batch.seq.value);
    held.mapped().put(Msg<ChangeBatch>(std::move(batch)));
  }
}

void FenceLane::take_arrived(const std::stop_token& stop, Millis ask_again) {
  std::unique_lock lock(mutex_);
  const auto something = [&] { return !arrived_jobs_.empty(); };
  if (fence_.empty())
    arrived_.wait(lock, stop, something);
  else
    arrived_.wait_for(lock, stop, ask_again, something);
  for (FenceJob& job : arrived_jobs_) {
    holds_.emplace(job.batch.seq.value, std::move(job.hold));
    fence_.add(std::move(job.batch));
  }
  arrived_jobs_.clear();
}

void FenceLane::work(const std::stop_token& stop) {
  Millis pause = kFirstPause;
  SteadyTime waiting_since{};  // unset while nothing waits
  bool warned = false;
  while (!stop.stop_requested()) {
    take_arrived(stop, pause);
    if (stop.stop_requested()) break;
    pass(fence_.take_unchecked());
    if (fence_.empty()) continue;
    ReadAttempts attempts("asking which transactions are visible", run_);
    Result<SnapshotXids> snapshot = visibility_->now();
    while (!snapshot && attempts.again(snapshot.error(), stop)) snapshot = visibility_->now();
    if (!snapshot) break;
    pass(fence_.release(*snapshot));
    if (fence_.empty()) {
      pause = kFirstPause;
      waiting_since = SteadyTime{};
      warned = false;
      continue;
    }
    if (waiting_since == SteadyTime{}) waiting_since = steady_now();
    if (!warned && steady_now() - waiting_since > kWarnAfter) {
      warned = true;
      kFenceLog.warn("committed transactions are not visible yet; a synchronous standby is holding commits back",
                     kv("batches", fence_.size()));
    }
    pause = std::min(pause * 2, kLongestPause);
  }
  fence_.clear();
  holds_.clear();
}

}  // namespace flusso::pipeline
