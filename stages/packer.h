#pragma once
// Documents of one sink gathered into bulk requests: full ones leave at once; a partial one leaves as soon as the sink
// has nothing else to do (so a single change is not delayed), or when it has waited for its linger time or memory is
// short, and the sink has a slot free: behind a full pipe it would only wait in a queue where nothing joins it any
// more. Under load requests therefore grow by themselves, as in a group commit. Thread: one (the sink's pack node).
// Pure.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/batches.h"
#include "model/clock.h"
#include "model/ports/sink.h"
#include "stages/bulk_body.h"

namespace flusso::stages {

struct PackerLimits {
  std::uint32_t max_documents = 1000;
  std::uint64_t max_bytes = 8ULL * 1024 * 1024;
  std::uint32_t eager_requests = 1;      // a partial request leaves at once while fewer than this many are in flight
  std::uint32_t requests_in_flight = 4;  // slots: with so many in flight a partial request waits and grows
  Millis linger{5};
};

class Packer {
 public:
  Packer(SinkId sink, PackerLimits limits, RenderAction render);

  // Takes this sink's share of a batch; appends requests that are ready to `out`.
  void add(const DocBatch& batch, SteadyTime now, std::vector<BulkRequest>& out);
  // A request has been answered for good and its slot is free.
  void request_done(SteadyTime now, std::vector<BulkRequest>& out);
  // Time passed; `memory_short`: somebody waits for bytes, so nothing may be held back.
  void tick(SteadyTime now, bool memory_short, std::vector<BulkRequest>& out);

  std::size_t pending() const { return items_.size(); }
  std::uint32_t in_flight() const { return in_flight_; }

 private:
  void emit(std::vector<BulkRequest>& out);

  const SinkId sink_;
  const PackerLimits limits_;
  const RenderAction render_;
  std::vector<BulkItem> items_;
  std::vector<std::shared_ptr<const Slab>> slabs_;
  std::uint64_t bytes_ = 0;
  SteadyTime oldest_{};
  std::uint32_t in_flight_ = 0;
};

}  // namespace flusso::stages
