#pragma once
// How many bulk requests may be on the wire: halved when the cluster says "too many" (429), one more after each window
// of as many good answers as are allowed. Answers to requests sent before a halving do not halve again.
// Thread: one (the owner's mutex).

#include <algorithm>

namespace flusso::opensearch {

class Concurrency {
 public:
  explicit Concurrency(unsigned most) : most_(std::max(most, 1U)), allowed_(most_) {}

  unsigned allowed() const { return allowed_; }
  void on_success() {
    if (grace_ > 0) --grace_;
    if (allowed_ < most_ && ++successes_ >= allowed_) {
      ++allowed_;
      successes_ = 0;
    }
  }
  // `on_the_wire` = other requests that were sent under the old limit.
  void on_too_many(unsigned on_the_wire) {
    successes_ = 0;
    if (grace_ > 0) {
      --grace_;
      return;
    }
    allowed_ = std::max(allowed_ / 2, 1U);
    grace_ = on_the_wire;
  }

 private:
  const unsigned most_;
  unsigned allowed_;
  unsigned successes_ = 0;
  unsigned grace_ = 0;
};

}  // namespace flusso::opensearch
