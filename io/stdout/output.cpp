#include "io/stdout/output.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace flusso::stdout_sink {
namespace {

// A pipe that polls writable takes at least this much without blocking.
constexpr std::size_t kPieceBytes = 4096;

void block_sigpipe_here() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

tl::unexpected<Error> write_error(int error) {
  if (error == EPIPE) return fail(ErrorKind::permanent, "stdout.closed", "standard output was closed by its reader");
  return fail(ErrorKind::permanent, "stdout.write",
              "standard output cannot be written: " + std::generic_category().message(error));
}

}  // namespace

Output::Output(int fd) : fd_(fd), interrupt_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), may_block_(true) {
  struct stat info {};
  if (::fstat(fd, &info) == 0) may_block_ = !S_ISREG(info.st_mode);
}

Output::~Output() { ::close(interrupt_fd_); }

Status Output::write(std::string_view text) {
  block_sigpipe_here();
  while (!text.empty()) {
    if (may_block_) {
      std::array<pollfd, 2> waits{pollfd{fd_, POLLOUT, 0}, pollfd{interrupt_fd_, POLLIN, 0}};
      if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return write_error(errno);
      if ((waits[1].revents & POLLIN) != 0)
        return fail(ErrorKind::cancelled, "stdout.cancelled", "writing was interrupted");
      if (waits[0].revents == 0) continue;
    }
    const ssize_t count = ::write(fd_, text.data(), may_block_ ? std::min(text.size(), kPieceBytes) : text.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return write_error(errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

void Output::interrupt() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(interrupt_fd_, &one, sizeof one);
}

}  // namespace flusso::stdout_sink
