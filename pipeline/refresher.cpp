#include "pipeline/refresher.h"

namespace flusso::pipeline {
namespace {

// Fewer open groups than this count as caught up: searches are refreshed at once instead of by the refresh interval.
constexpr std::uint64_t kCaughtUpGroups = 32;

}  // namespace

Refresher::Refresher(const Prepared& prepared, Backends& backends, const Options& options)
    : prepared_(prepared), backends_(backends), options_(options) {
  for (std::size_t s = 0; s < backends_.sinks().size(); ++s)
    written_.push_back(std::make_unique<std::atomic<bool>[]>(prepared_.plan.indexes.size()));
}

void Refresher::on_written(SinkId sink, const stages::Completion& completion) {
  IndexId last{UINT16_MAX};
  for (const stages::CompletedDoc& doc : completion.docs) {
    if (doc.index == last) continue;
    last = doc.index;
    written_[sink.value][doc.index.value].store(true, std::memory_order_relaxed);
  }
}

void Refresher::refresh(SteadyTime at, std::uint64_t open_groups) {
  if (at - last_refresh_ < options_.refresh_interval) return;
  if (open_groups >= kCaughtUpGroups) return;
  bool any = false;
  for (std::size_t s = 0; s < backends_.sinks().size(); ++s) {
    std::vector<IndexId> indexes;
    for (std::size_t i = 0; i < prepared_.plan.indexes.size(); ++i) {
      if (!prepared_.kept[s][i].seeding.empty()) continue;  // nobody searches it yet, and refreshes make seeding dear
      if (written_[s][i].exchange(false, std::memory_order_relaxed))
        indexes.push_back(IndexId{static_cast<std::uint16_t>(i)});
    }
    if (indexes.empty()) continue;
    backends_.sinks()[s].writer->refresh(indexes);
    any = true;
  }
  if (any) last_refresh_ = at;
}

}  // namespace flusso::pipeline
