#pragma once
// FLUSSO_CHECK: a broken invariant ends the process at once, before a wrong position can be confirmed.

namespace flusso {
[[noreturn]] void check_failed(const char* expression, const char* file, int line, const char* why);
}

#define FLUSSO_CHECK(expression, why)                                                \
  do {                                                                               \
    if (!(expression)) ::flusso::check_failed(#expression, __FILE__, __LINE__, why); \
  } while (false)
