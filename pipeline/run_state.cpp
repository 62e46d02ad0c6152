#include "pipeline/run_state.h"

#include <utility>

namespace flusso::pipeline {

void RunState::fail(Error error) {
  {
    const std::scoped_lock lock(mutex_);
    if (!error_ && !stop_.stop_requested()) error_ = std::move(error);
  }
  stop_.request_stop();
}

std::optional<Error> RunState::error() const {
  const std::scoped_lock lock(mutex_);
  return error_;
}

}  // namespace flusso::pipeline
