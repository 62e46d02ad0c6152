#pragma once
// Blocking work on threads of our own: n lanes over one queue. A lane makes its worker (a connection, usually) on its
// own thread and keeps it. Jobs that are still queued when the pool is stopped are destroyed, which releases what they
// hold. Thread: push from any; the destructor stops and joins.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "model/thread_name.h"

namespace flusso::pipeline {

template <class Job>
class LanePool {
 public:
  using Worker = std::function<void(Job, std::stop_token)>;

  // `name` is that of the lanes' threads, at most 15 bytes; it must outlive the pool. `make_worker` runs once on each,
  // before its first job.
  LanePool(const char* name, unsigned lanes, std::function<Worker()> make_worker)
      : name_(name), make_worker_(std::move(make_worker)) {
    threads_.reserve(lanes);
    for (unsigned i = 0; i < lanes; ++i) threads_.emplace_back([this](std::stop_token stop) { work(std::move(stop)); });
  }
  ~LanePool() { stop(); }
  LanePool(const LanePool&) = delete;

  void push(Job job) {
    {
      const std::scoped_lock lock(mutex_);
      if (stopped_) return;
      jobs_.push_back(std::move(job));
    }
    arrived_.notify_one();
  }

  // Ends all waits, drops queued jobs and joins.
  void stop() {
    std::deque<Job> dropped;
    {
      const std::scoped_lock lock(mutex_);
      stopped_ = true;
      dropped.swap(jobs_);
    }
    for (std::jthread& thread : threads_) thread.request_stop();
    arrived_.notify_all();
    threads_.clear();
  }

 private:
  void work(std::stop_token stop) {
    name_this_thread(name_);
    Worker worker;
    while (true) {
      std::optional<Job> job;
      {
        std::unique_lock lock(mutex_);
        if (!arrived_.wait(lock, stop, [&] { return !jobs_.empty(); })) return;
        if (stop.stop_requested()) return;
        job.emplace(std::move(jobs_.front()));
        jobs_.pop_front();
      }
      if (!worker) worker = make_worker_();
      worker(std::move(*job), stop);
    }
  }

  const char* const name_;
  std::function<Worker()> make_worker_;
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<Job> jobs_;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace flusso::pipeline
