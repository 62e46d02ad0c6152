#pragma once
// How long a bulk request waits before it is sent again: at random between a base and three times the previous bound,
// capped, so that many requests refused together do not come back together. Thread: any (one generator per thread).

#include <algorithm>
#include <cstdint>
#include <random>

#include "model/clock.h"

namespace flusso::opensearch {

struct Backoff {
  Millis base{200};
  Millis cap{10000};

  // The longest wait before attempt n (1 = first resend): base·3, base·9, … capped.
  Millis bound(std::uint32_t attempt) const {
    Millis::rep bound = base.count();
    for (std::uint32_t i = 0; i < attempt && bound < cap.count(); ++i) bound *= 3;
    return Millis(std::min(bound, cap.count()));
  }
  Millis wait(std::uint32_t attempt) const {
    thread_local std::minstd_rand random(std::random_device{}());
    return Millis(
        std::uniform_int_distribution<Millis::rep>(base.count(), std::max(base, bound(attempt)).count())(random));
  }
};

}  // namespace flusso::opensearch
