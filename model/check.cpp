#include "model/check.h"

#include <execinfo.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace flusso {

void check_failed(const char* expression, const char* file, int line, const char* why) {
  std::fprintf(stderr, "flusso: broken invariant: %s (%s) at %s:%d\n", why, expression, file, line);
  std::array<void*, 48> frames{};
  const int count = ::backtrace(frames.data(), static_cast<int>(frames.size()));
  ::backtrace_symbols_fd(frames.data(), count, STDERR_FILENO);
  std::abort();
}

}  // namespace flusso
