#pragma once
// What the lanes that read from the source do with an error: a few quick attempts for a passing one, patience for locks
// and timeouts, and otherwise the end of the run, after which the supervisor begins a new one from the confirmed
// position. A server that shuts down ends the run at once, so that capture closes its stream and does not hold the
// shutdown up.

#include <stop_token>
#include <string_view>

#include "model/log.h"
#include "model/result.h"
#include "pipeline/pause.h"
#include "pipeline/run_state.h"

namespace flusso::pipeline {

// A statement that ran into our own time limit; one that did, waits for a lock, or was cancelled by somebody.
bool is_too_slow(const Error& error);
bool is_lock_or_timeout(const Error& error);

class ReadAttempts {
 public:
  ReadAttempts(std::string_view what, RunState& run) : what_(what), run_(run) {}

  // True when the read should be tried again; false when the run is over (the error has been reported).
  bool again(const Error& error, std::stop_token stop);

 private:
  std::string_view what_;
  RunState& run_;
  unsigned quick_ = 0;
  unsigned slow_ = 0;
};

}  // namespace flusso::pipeline
