#include "model/log.h"

#include <atomic>

namespace flusso {
namespace {
std::atomic<LogBackend*> g_backend{nullptr};
}

void install_log_backend(LogBackend* backend) noexcept { g_backend.store(backend); }
LogBackend* log_backend() noexcept { return g_backend.load(std::memory_order_relaxed); }

}  // namespace flusso
