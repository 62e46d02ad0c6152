#pragma once
// Chance of the fakes: seeded, so that a seed names a history. Threads race, so two passes of one seed differ in their
// interleaving, but not in what is written and how rough the world is.
// Thread: any.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>

namespace flusso::fakes {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  // 0 … limit - 1; limit > 0.
  std::size_t below(std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(engine_() % limit);
  }
  int between(int from, int to) { return from + static_cast<int>(below(static_cast<std::size_t>(to - from + 1))); }
  bool per_mille(unsigned rate) { return rate != 0 && below(1000) < rate; }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace flusso::fakes
