#include "model/thread_name.h"

#include <pthread.h>

#include "model/check.h"

namespace flusso {

void name_this_thread(const char* name) noexcept {
  const int refused = pthread_setname_np(pthread_self(), name);
  FLUSSO_CHECK(refused == 0, "a thread's name is too long");
}

}  // namespace flusso
