#include "stages/packer.h"

#include <utility>

#include "model/check.h"

namespace flusso::stages {

Packer::Packer(SinkId sink, PackerLimits limits, RenderAction render)
    : sink_(sink), limits_(limits), render_(std::move(render)) {}

void Packer::emit(std::vector<BulkRequest>& out) {
  if (items_.empty()) return;
  out.push_back(make_request(sink_, std::exchange(items_, {}), std::exchange(slabs_, {}), render_));
  bytes_ = 0;
  ++in_flight_;
}

void Packer::add(const DocBatch& batch, SteadyTime now, std::vector<BulkRequest>& out) {
  bool holds_slab = false;
  for (const DocRow& row : batch.rows) {
    const Targets targets = row.targets.only(sink_);
    if (targets.empty()) continue;
    const BulkItem item{batch.index, targets, batch.key(row), batch.body(row), row.hidden_length};
    const std::uint64_t bytes = body_bytes(item, sink_);
    if (!items_.empty() && (items_.size() >= limits_.max_documents || bytes_ + bytes > limits_.max_bytes)) {
      emit(out);
      holds_slab = false;
    }
    if (items_.empty()) oldest_ = now;
    if (!holds_slab) slabs_.push_back(batch.slab);
    holds_slab = true;
    items_.push_back(item);
    bytes_ += bytes;
  }
  if (items_.size() >= limits_.max_documents || bytes_ >= limits_.max_bytes || in_flight_ < limits_.eager_requests)
    emit(out);
}

void Packer::request_done(SteadyTime now, std::vector<BulkRequest>& out) {
  FLUSSO_CHECK(in_flight_ > 0, "a request ended that was never sent");
  --in_flight_;
  if (in_flight_ < limits_.eager_requests) emit(out);
  tick(now, false, out);
}

void Packer::tick(SteadyTime now, bool memory_short, std::vector<BulkRequest>& out) {
  if (items_.empty() || in_flight_ >= limits_.requests_in_flight) return;
  if (memory_short || now - oldest_ >= limits_.linger) emit(out);
}

}  // namespace flusso::stages
