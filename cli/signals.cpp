#include "cli/signals.h"

#include <csignal>
#include <ctime>
#include <utility>

#include "model/thread_name.h"

namespace flusso::cli {
namespace {

sigset_t ours() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = ours();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

SignalThread::SignalThread(std::function<void()> first, std::function<void()> second) {
  thread_ = std::jthread([first = std::move(first), second = std::move(second)](const std::stop_token& stop) {
    name_this_thread("signals");
    const sigset_t set = ours();
    int seen = 0;
    while (!stop.stop_requested()) {
      const timespec wait{0, 200'000'000};
      if (sigtimedwait(&set, nullptr, &wait) < 0) continue;
      if (++seen == 1)
        first();
      else
        second();
    }
  });
}

SignalThread::~SignalThread() { thread_.request_stop(); }

}  // namespace flusso::cli
