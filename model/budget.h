#pragma once
// Memory in flight, counted: whoever is about to hold bytes takes a Lease first and frees them by destroying it,
// however the message dies. Two classes: live work may use everything, seed work leaves a reserve for it. Oversize: an
// acquire larger than what could ever be free is granted when nobody holds anything ("blessed"), so that one huge
// document cannot stop progress. Lanes and the capture thread may block here; a TBB body never does. Thread: any.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace flusso {

class ByteBudget;

// Owned share of a budget; movable; gives its bytes back when destroyed.
class Lease {
 public:
  Lease() = default;
  Lease(ByteBudget& budget, std::uint64_t bytes) : budget_(&budget), bytes_(bytes) {}
  Lease(Lease&& other) noexcept { swap(other); }
  Lease& operator=(Lease&& other) noexcept {
    Lease(std::move(other)).swap(*this);
    return *this;
  }
  ~Lease();
  std::uint64_t bytes() const { return bytes_; }
  // Takes over the bytes of another lease of the same budget.
  void absorb(Lease&& other);
  // Gives back all but `bytes`; does nothing when fewer are held.
  void shrink_to(std::uint64_t bytes);

 private:
  void swap(Lease& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
  }
  ByteBudget* budget_ = nullptr;
  std::uint64_t bytes_ = 0;
};

enum class Urgency { seed, live };

class ByteBudget {
 public:
  // `capacity` units in all, of which `live_reserve` are never given to seed work. Units are bytes or counts; the
  // name appears in stall reports.
  ByteBudget(std::string name, std::uint64_t capacity, std::uint64_t live_reserve = 0);
  ~ByteBudget();
  ByteBudget(const ByteBudget&) = delete;

  // Waits until `units` are free for that urgency; nothing when `stop` was requested first.
  std::optional<Lease> acquire(std::uint64_t units, Urgency urgency, std::stop_token stop);
  // As acquire, but gives up after `wait`.
  std::optional<Lease> acquire_for(std::uint64_t units, Urgency urgency, std::chrono::milliseconds wait,
                                   std::stop_token stop);
  std::optional<Lease> try_acquire(std::uint64_t units, Urgency urgency);

  std::uint64_t used() const;
  std::uint64_t peak() const;
  std::uint64_t capacity() const { return capacity_; }
  unsigned waiters() const;
  const std::string& name() const { return name_; }

 private:
  friend class Lease;
  bool fits(std::uint64_t units, Urgency urgency) const;  // with the mutex held
  Lease grant(std::uint64_t units);
  void release(std::uint64_t units);

  const std::string name_;
  const std::uint64_t capacity_;
  const std::uint64_t live_reserve_;
  mutable std::mutex mutex_;
  std::condition_variable_any freed_;
  std::uint64_t used_ = 0;
  std::uint64_t peak_ = 0;
  unsigned waiters_ = 0;
};

}  // namespace flusso
