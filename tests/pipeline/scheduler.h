#pragma once
// Things that happen later, on one thread, strictly in the order in which they are due. What is asked for now comes
// after everything that was already due, however late the thread is: the fakes' promises about time hold on a busy
// machine too. Thread: any.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "model/clock.h"

namespace flusso::fakes {

class Scheduler {
 public:
  Scheduler() : thread_([this] { work(); }) {}
  ~Scheduler() {
    {
      const std::scoped_lock lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Scheduler(const Scheduler&) = delete;

  // `run` is given the time for which it was asked. Returns that time.
  SteadyTime after(std::chrono::microseconds wait, std::function<void(SteadyTime)> run) {
    const std::scoped_lock lock(mutex_);
    return add(std::chrono::steady_clock::now() + wait, std::move(run));
  }
  SteadyTime at(SteadyTime due, std::function<void(SteadyTime)> run) {
    const std::scoped_lock lock(mutex_);
    return add(due, std::move(run));
  }

 private:
  SteadyTime add(SteadyTime due, std::function<void(SteadyTime)> run) {
    queue_.emplace(std::pair(due, next_++), std::move(run));
    changed_.notify_all();
    return due;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
      if (queue_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const SteadyTime due = queue_.begin()->first.first;
      if (due > std::chrono::steady_clock::now()) {
        changed_.wait_until(lock, due);
        continue;
      }
      const std::function<void(SteadyTime)> run = std::move(queue_.begin()->second);
      queue_.erase(queue_.begin());
      lock.unlock();
      run(due);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<SteadyTime, std::uint64_t>, std::function<void(SteadyTime)>> queue_;
  std::uint64_t next_ = 0;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace flusso::fakes
