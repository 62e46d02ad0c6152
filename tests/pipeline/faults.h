#pragma once
// How rough the world is. Rates are per mille and may be changed while a process runs.

#include <atomic>

namespace flusso::fakes {

struct Faults {
  using Rate = std::atomic<unsigned>;
  Rate late_visibility{0};  // commits that snapshots see only some milliseconds after they are delivered
  Rate capture_lost{0};     // per event
  Rate read_failed{0};      // per read of documents, lookup, chunk, snapshot
  Rate slow_read{0};        // reads that take up to 2 ms
  Rate slow_bulk{0};        // bulks that take up to 3 ms each way, instead of up to 200 µs
  Rate item_busy{0};        // 429 for one document
  Rate refused{0};          // 503 for a whole request
  Rate unreachable{0};      // no connection
  Rate reply_lost{0};       // applied, but the connection broke
  Rate zombie{0};           // given up by the sender, applied later or never
  Rate control_failed{0};   // per call of the control plane
  Rate control_crash{0};    // the process dies within such a call

  void calm() {
    for (Rate* rate : {&late_visibility, &capture_lost, &read_failed, &slow_read, &slow_bulk, &item_busy, &refused,
                       &unreachable, &reply_lost, &zombie, &control_failed, &control_crash})
      rate->store(0);
  }
};

}  // namespace flusso::fakes
