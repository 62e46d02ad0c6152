#pragma once
// Blocking writes to a file descriptor that a reader may close or never read: a wait can be interrupted, and a closed
// pipe is an error instead of a signal. Thread: write one; interrupt any.

#include <string_view>

#include "model/result.h"

namespace flusso::stdout_sink {

class Output {
 public:
  // Does not own the descriptor.
  explicit Output(int fd);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // All of it, or an error: stdout.closed (nobody reads any more), stdout.write; both permanent;
  // stdout.cancelled after interrupt().
  Status write(std::string_view text);
  void interrupt();

 private:
  int fd_;
  int interrupt_fd_;
  bool may_block_;  // pipes, sockets and terminals: written in pieces that fit
};

}  // namespace flusso::stdout_sink
