#pragma once
// Waiting that a stop request ends. For backoff between attempts, never for synchronisation.

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "model/clock.h"

namespace flusso::pipeline {

// False when stop was requested.
inline bool pause(std::stop_token stop, Millis wait) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, wait, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace flusso::pipeline
