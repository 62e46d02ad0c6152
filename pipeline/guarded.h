#pragma once
// No exception leaves a graph body or a lane: TBB would swallow messages from then on. It ends the run as a bug.

#include <exception>
#include <string>
#include <string_view>

#include "pipeline/run_state.h"

namespace flusso::pipeline {

template <class Body>
void guarded(RunState& run, std::string_view where, Body&& body) noexcept {
  try {
    body();
  } catch (const std::exception& error) {
    run.fail(Error{ErrorKind::bug, "bug.exception", std::string(where) + ": " + error.what()});
  } catch (...) {
    run.fail(Error{ErrorKind::bug, "bug.exception", std::string(where) + ": unknown exception"});
  }
}

}  // namespace flusso::pipeline
