#pragma once
// Makes written documents searchable: at once while the run is caught up, else by the sink's own refresh interval.
// Thread: on_written from the graph; refresh by control.

#include <atomic>
#include <memory>
#include <vector>

#include "pipeline/options.h"
#include "pipeline/preparation.h"
#include "stages/events.h"

namespace flusso::pipeline {

class Refresher {
 public:
  Refresher(const Prepared& prepared, Backends& backends, const Options& options);

  // These documents have been written to that sink.
  void on_written(SinkId sink, const stages::Completion& completion);
  // Refreshes what was written since the last time, at most once per refresh_interval. `open_groups`: not yet durable.
  void refresh(SteadyTime at, std::uint64_t open_groups);

 private:
  const Prepared& prepared_;
  Backends& backends_;
  const Options& options_;
  std::vector<std::unique_ptr<std::atomic<bool>[]>> written_;  // [sink][index]: written to since its last refresh
  SteadyTime last_refresh_{};
};

}  // namespace flusso::pipeline
