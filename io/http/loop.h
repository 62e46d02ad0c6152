#pragma once
// All HTTP traffic of a sink on one owned thread: libcurl's multi interface, an inbox and a heap of timers.
// Each turn: take the inbox, let curl work, answer what has ended, run due timers, sleep until something happens.
// Connections are kept alive and reused; a request is never sent twice, redirects are never followed, proxy variables
// of the environment are not looked at.
// Thread: submit, cancel and after from any; callbacks run on the loop's thread and must neither block nor throw.
// The loop must not be destroyed from one of its callbacks.

#include <cstdint>
#include <functional>
#include <memory>

#include "io/http/request.h"

namespace flusso::http {

struct RequestId {
  std::uint64_t value = 0;
};

class Loop {
 public:
  Loop();
  // Cancels everything: each open request is answered with Failure::cancelled, timers are dropped, the thread is
  // joined.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Sends as soon as possible; `done` runs exactly once. Request::segments must stay valid until then.
  RequestId submit(Request request, std::function<void(Reply)> done);
  // Ends a request early with Failure::cancelled; does nothing when it has been answered already.
  void cancel(RequestId id);
  // Runs `task` on the loop's thread after `delay`; 0 = as soon as possible. Dropped, not run, when the loop ends
  // first.
  void after(Millis delay, std::function<void()> task);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flusso::http
