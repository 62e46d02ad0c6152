#pragma once
// What a person sees while an index is seeded: rows, rate and time left; a bar on a terminal, a log line every few
// seconds otherwise. Thread: its own.

#include <thread>

#include "pipeline/status.h"

namespace flusso::cli {

class Progress {
 public:
  explicit Progress(const pipeline::LiveStatus& status);
  ~Progress();

 private:
  void work(const std::stop_token& stop);
  const pipeline::LiveStatus& status_;
  const bool terminal_;
  std::jthread thread_;
};

}  // namespace flusso::cli
