#pragma once
// How a run ends: the first fatal error is kept and everything is asked to stop. Thread: any.

#include <mutex>
#include <optional>
#include <stop_token>

#include "model/result.h"

namespace flusso::pipeline {

class RunState {
 public:
  // Keeps the first error and requests stop; later ones are dropped, they are consequences.
  void fail(Error error);
  void stop() { stop_.request_stop(); }
  bool stopping() const { return stop_.stop_requested(); }
  std::stop_token token() const { return stop_.get_token(); }
  std::optional<Error> error() const;

 private:
  mutable std::mutex mutex_;
  std::optional<Error> error_;
  std::stop_source stop_;
};

}  // namespace flusso::pipeline
