#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>

#include "model/clock.h"
#include "model/log.h"
#include "model/thread_name.h"

namespace flusso::cli {
namespace {

constexpr Logger kProgressLog{"progress"};
constexpr Millis kTerminalInterval{200};
constexpr Millis kLogInterval{5000};
constexpr int kBarWidth = 24;

struct Sum {
  std::string names;
  double total = 0;
  double done = 0;
  bool open = false;
};

Sum sum_of(const std::vector<SeedProgress>& seeds) {
  Sum sum;
  for (const SeedProgress& seed : seeds) {
    sum.total += seed.rows_total;
    sum.done += seed.rows_done;
    if (seed.chunks_done == seed.chunks_total) continue;
    sum.open = true;
    sum.names += (sum.names.empty() ? "" : ", ") + seed.index;
  }
  return sum;
}

std::string duration(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
}

}  // namespace

Progress::Progress(const pipeline::LiveStatus& status) : status_(status), terminal_(::isatty(STDERR_FILENO) == 1) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    name_this_thread("progress");
    work(stop);
  });
}

Progress::~Progress() { thread_.request_stop(); }

void Progress::work(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  const Millis interval = terminal_ ? kTerminalInterval : kLogInterval;
  SteadyTime last = std::chrono::steady_clock::now();
  std::uint64_t last_documents = 0;
  double rate = 0;
  bool shown = false;
  while (true) {
    {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, interval, [] { return false; });
    }
    if (stop.stop_requested()) break;
    const Sum sum = sum_of(status_.seeds());
    if (!sum.open) {
      if (shown) std::fputs("\r\033[K", stderr);
      shown = false;
      continue;
    }
    const SteadyTime at = std::chrono::steady_clock::now();
    const std::uint64_t documents = status_.documents_seeded.load();
    const double seconds = std::max(0.001, std::chrono::duration<double>(at - last).count());
    const double now_rate = static_cast<double>(documents - last_documents) / seconds;
    rate = rate == 0 ? now_rate : 0.7 * rate + 0.3 * now_rate;
    last = at;
    last_documents = documents;
    const double total = std::max({sum.total, sum.done, 1.0});
    const double share = std::min(1.0, sum.done / total);
    const std::string left = rate >= 1 ? duration((total - sum.done) / rate) : "unknown";
    if (terminal_) {
      const auto filled = static_cast<int>(share * kBarWidth);
      std::fputs(fmt::format("\r\033[K{} [{:=<{}}{: <{}}] {:.0f}/{:.0f} rows, {:.0f} rows/s, {} left", sum.names, "",
                             filled, "", kBarWidth - filled, sum.done, total, rate, left)
                     .c_str(),
                 stderr);
      shown = true;
    } else {
      kProgressLog.info("seeding", kv("indexes", sum.names), kv("rows", fmt::format("{:.0f}", sum.done)),
                        kv("of", fmt::format("{:.0f}", total)), kv("percent", fmt::format("{:.1f}", share * 100)),
                        kv("rows_per_s", fmt::format("{:.0f}", rate)), kv("left", left));
    }
  }
  if (shown) std::fputs("\r\033[K", stderr);
}

}  // namespace flusso::cli
