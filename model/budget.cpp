#include "model/budget.h"

#include <algorithm>

#include "model/check.h"

namespace flusso {

Lease::~Lease() {
  if (budget_ != nullptr && bytes_ != 0) budget_->release(bytes_);
}

void Lease::absorb(Lease&& other) {
  if (other.budget_ == nullptr) return;
  FLUSSO_CHECK(budget_ == nullptr || budget_ == other.budget_, "leases of two budgets cannot be joined");
  budget_ = other.budget_;
  bytes_ += std::exchange(other.bytes_, 0);
}

void Lease::shrink_to(std::uint64_t bytes) {
  if (budget_ == nullptr || bytes >= bytes_) return;
  budget_->release(bytes_ - bytes);
  bytes_ = bytes;
}

ByteBudget::ByteBudget(std::string name, std::uint64_t capacity, std::uint64_t live_reserve)
    : name_(std::move(name)), capacity_(capacity), live_reserve_(live_reserve) {}

ByteBudget::~ByteBudget() { FLUSSO_CHECK(used_ == 0, "a lease outlived its budget"); }

bool ByteBudget::fits(std::uint64_t units, Urgency urgency) const {
  const std::uint64_t limit = urgency == Urgency::live ? capacity_ : capacity_ - live_reserve_;
  return used_ == 0 || used_ + units <= limit;
}

Lease ByteBudget::grant(std::uint64_t units) {
  used_ += units;
  peak_ = std::max(peak_, used_);
  return Lease(*this, units);
}

std::optional<Lease> ByteBudget::acquire(std::uint64_t units, Urgency urgency, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (fits(units, urgency)) return grant(units);
  ++waiters_;
  const bool granted = freed_.wait(lock, stop, [&] { return fits(units, urgency); });
  --waiters_;
  if (!granted) return std::nullopt;
  return grant(units);
}

std::optional<Lease> ByteBudget::acquire_for(std::uint64_t units, Urgency urgency, std::chrono::milliseconds wait,
                                             std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (fits(units, urgency)) return grant(units);
  ++waiters_;
  const bool granted = freed_.wait_for(lock, stop, wait, [&] { return fits(units, urgency); });
  --waiters_;
  if (!granted) return std::nullopt;
  return grant(units);
}

std::optional<Lease> ByteBudget::try_acquire(std::uint64_t units, Urgency urgency) {
  const std::scoped_lock lock(mutex_);
  if (!fits(units, urgency)) return std::nullopt;
  return grant(units);
}

void ByteBudget::release(std::uint64_t units) {
  {
    const std::scoped_lock lock(mutex_);
    FLUSSO_CHECK(units <= used_, "more was given back than was taken");
    used_ -= units;
  }
  freed_.notify_all();
}

std::uint64_t ByteBudget::used() const {
  const std::scoped_lock lock(mutex_);
  return used_;
}
std::uint64_t ByteBudget::peak() const {
  const std::scoped_lock lock(mutex_);
  return peak_;
}
unsigned ByteBudget::waiters() const {
  const std::scoped_lock lock(mutex_);
  return waiters_;
}

}  // namespace flusso
