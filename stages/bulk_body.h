#pragma once
// Turns documents into the body of one bulk request: action lines are rendered, document texts are pointed at.
// Thread: any; pure.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/batches.h"

namespace flusso::stages {

// Appends the action line of one document for one slot (BulkWriter::render_action).
using RenderAction = std::function<void(const BulkItem& item, unsigned slot, std::string& lines)>;

// Makes a request of `items`; a document with two target slots of the sink gets one action per slot.
// `slabs` are what the items' views point into.
BulkRequest make_request(SinkId sink, std::vector<BulkItem> items, std::vector<std::shared_ptr<const Slab>> slabs,
                         const RenderAction& render);

// Bytes that one document adds to a body of that sink, about; one action for each of its target slots there.
inline std::uint64_t body_bytes(const BulkItem& item, SinkId sink) {
  const std::uint64_t actions = (item.targets.has(sink, 0) ? 1U : 0U) + (item.targets.has(sink, 1) ? 1U : 0U);
  return actions * (item.key.size() + item.body.size() + 64);
}

}  // namespace flusso::stages
