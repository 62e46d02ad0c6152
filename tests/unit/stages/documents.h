#pragma once
// Values that the tests of stages/ speak in: moments, documents as slabs, plans of a few names, requests that own their
// texts.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/batches.h"
#include "model/clock.h"
#include "model/plan.h"
#include "stages/bulk_body.h"
#include "stages/events.h"

namespace flusso::stages {

inline constexpr IndexId kIndex{0};
inline constexpr IndexId kOtherIndex{1};
inline constexpr SinkId kSink{0};
inline constexpr SinkId kOtherSink{1};
inline constexpr Targets kTarget = Targets{1};           // sink 0, slot 0
inline constexpr Targets kStaged = Targets{2};           // sink 0, slot 1
inline constexpr Targets kOtherSinkTarget = Targets{4};  // sink 1, slot 0

inline SteadyTime at(int ms) { return SteadyTime(Millis(ms)); }

struct Doc {
  std::string key;
  std::string body;  // empty = delete
  Targets targets = kTarget;
};

inline DocBatch batch_of(IndexId index, const std::vector<Doc>& docs, Lease lease = {}) {
  auto slab = std::make_shared<Slab>();
  slab->lease = std::move(lease);
  DocBatch batch;
  batch.index = index;
  for (const Doc& doc : docs) {
    DocRow row;
    row.key_offset = static_cast<std::uint32_t>(slab->bytes.size());
    row.key_length = static_cast<std::uint32_t>(doc.key.size());
    slab->bytes += doc.key;
    row.body_offset = static_cast<std::uint32_t>(slab->bytes.size());
    row.body_length = static_cast<std::uint32_t>(doc.body.size());
    slab->bytes += doc.body;
    row.targets = doc.targets;
    batch.rows.push_back(row);
  }
  batch.slab = std::move(slab);
  return batch;
}

inline std::vector<std::string> keys_of(const DocBatch& batch) {
  std::vector<std::string> keys;
  for (const DocRow& row : batch.rows) keys.emplace_back(batch.key(row));
  return keys;
}

// {"index":{"_index":"<index>.<slot>","_id":"<key>"}} without the braces' noise: "+0.1 key\n", "-0.1 key\n".
inline void render_plainly(const BulkItem& item, unsigned slot, std::string& lines) {
  lines += item.body.empty() ? '-' : '+';
  lines += std::to_string(item.index.value) + "." + std::to_string(slot) + " ";
  lines += item.key;
  lines += '\n';
}

inline std::string body_text(const BulkRequest& request) {
  std::string text;
  for (const std::string_view segment : request.segments) text += segment;
  return text;
}

inline std::vector<std::string> keys_of(const BulkRequest& request) {
  std::vector<std::string> keys;
  for (const BulkItem& item : request.items) keys.emplace_back(item.key);
  return keys;
}

inline BulkRequest request_of(const std::vector<Doc>& docs, IndexId index = kIndex, SinkId sink = kSink) {
  const DocBatch batch = batch_of(index, docs);
  std::vector<BulkItem> items;
  for (const DocRow& row : batch.rows) items.push_back(BulkItem{index, row.targets, batch.key(row), batch.body(row)});
  return make_request(sink, std::move(items), {batch.slab}, render_plainly);
}

inline Plan plan_of(const std::vector<FailurePolicy>& policies) {
  Plan plan;
  for (const FailurePolicy policy : policies) {
    IndexPlan index;
    index.name = "index" + std::to_string(plan.indexes.size());
    index.on_error = policy;
    plan.indexes.push_back(std::move(index));
  }
  return plan;
}

}  // namespace flusso::stages
