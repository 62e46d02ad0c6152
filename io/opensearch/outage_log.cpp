#include "io/opensearch/outage_log.h"

#include <fmt/chrono.h>

#include <chrono>
#include <ctime>
#include <utility>

#include "model/log.h"

namespace flusso::opensearch {
namespace {
constexpr Logger kOutageLog{"sink"};
constexpr Millis kSayEvery{10000};
}  // namespace

OutageLog::OutageLog(std::string sink, std::string url, const Clock& clock)
    : sink_(std::move(sink)), url_(std::move(url)), clock_(clock) {}

void OutageLog::failed(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.now();
  if (outage_ && now - outage_->last_said < kSayEvery) return;
  if (!outage_) {
    const std::time_t wall = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    outage_ = Outage{now, now, fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(wall))};
  }
  outage_->last_said = now;
  kOutageLog.warn("waiting for sink", kv("sink", sink_), kv("url", url_), kv("reason", reason),
                  kv("since", outage_->since_text),
                  kv("seconds", std::chrono::duration_cast<std::chrono::seconds>(now - outage_->since).count()));
}

void OutageLog::answered() {
  const std::lock_guard lock(mutex_);
  if (!outage_) return;
  kOutageLog.info(
      "sink is back", kv("sink", sink_), kv("url", url_),
      kv("seconds", std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - outage_->since).count()));
  outage_.reset();
}

}  // namespace flusso::opensearch
