#pragma once
// SIGINT and SIGTERM as calls: the first asks for a drain, the second for an end at once. Signals are blocked in every
// thread and taken by one of our own, so nothing runs in a signal handler.

#include <functional>
#include <thread>

namespace flusso::cli {

// Blocks the signals for this thread and all it starts later; SIGPIPE and SIGXFSZ are ignored, a write answers instead.
// Call before any thread is started.
void block_signals();

class SignalThread {
 public:
  // `first` and `second` run on this object's thread.
  SignalThread(std::function<void()> first, std::function<void()> second);
  ~SignalThread();

 private:
  std::jthread thread_;
};

}  // namespace flusso::cli
