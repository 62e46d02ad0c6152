#pragma once
// An eventfd that ends a poll() early: how a stop request, a confirmed position or a wake-up reaches a thread that
// waits for a socket. Thread: signal from any; drain by the waiting thread.

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "model/check.h"

namespace flusso::pg {

class Waker {
 public:
  Waker() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    FLUSSO_CHECK(fd_ >= 0, "no file descriptor left for an eventfd");
  }
  ~Waker() { ::close(fd_); }
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  int fd() const noexcept { return fd_; }
  void signal() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
  }
  void drain() const noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = ::read(fd_, &count, sizeof count);
  }

 private:
  int fd_;
};

}  // namespace flusso::pg
