#pragma once
// Names for threads, as `top -H` and debuggers show them beside the process's own.

namespace flusso {

// Names the calling thread; at most 15 bytes, which is what Linux keeps (pthread_setname_np(3)).
void name_this_thread(const char* name) noexcept;

}  // namespace flusso
