#pragma once
// Time as a seam: production code asks the steady clock, tests move a manual one. Thread: any.

#include <atomic>
#include <chrono>

namespace flusso {

using SteadyTime = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime now() const = 0;
};

class SystemClock final : public Clock {
 public:
  SteadyTime now() const override { return steady_now(); }
};

class ManualClock final : public Clock {
 public:
  SteadyTime now() const override { return SteadyTime(std::chrono::nanoseconds(ns_.load())); }
  void advance(Millis by) { ns_ += std::chrono::nanoseconds(by).count(); }

 private:
  std::atomic<std::int64_t> ns_{0};
};

}  // namespace flusso
