#include "pipeline/slot_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/clock.h"
#include "model/log.h"
#include "model/thread_name.h"
#include "pipeline/guarded.h"
#include "pipeline/pause.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kSlotLog{"slot"};
constexpr Millis kAgain{60000};

std::string mib(std::uint64_t bytes) { return fmt::format("{} MiB", bytes >> 20U); }

}  // namespace

std::string WalWarning::look(const SlotHealth& health, SteadyTime at) {
  const bool pressed = health.wal_status == "extended" || health.wal_status == "unreserved";
  const bool above = above_bytes_ != 0 && health.retained_bytes > above_bytes_;
  const bool worse = (pressed && health.wal_status != last_status_) || (above && !was_above_);
  last_status_ = health.wal_status;
  was_above_ = above;
  if (!pressed && !above) return {};
  if (!worse && at - said_ < kAgain) return {};
  said_ = at;
  std::string what = fmt::format("the slot keeps {} of WAL from being removed", mib(health.retained_bytes));
  if (pressed) what += fmt::format(", wal_status is {}", health.wal_status);
  if (health.safe_wal_bytes)
    what += fmt::format(", the slot is lost after {} more (max_slot_wal_keep_size)",
                        mib(static_cast<std::uint64_t>(std::max<std::int64_t>(0, *health.safe_wal_bytes))));
  return what;
}

std::string slot_fault(const SlotHealth& health, Lsn confirmed, const std::string& slot) {
  if (!health.exists) return fmt::format("replication slot \"{}\" does not exist any more", slot);
  if (!health.invalid.empty()) return fmt::format("replication slot \"{}\" is lost: {}", slot, health.invalid);
  if (health.confirmed_flush > confirmed)
    return fmt::format("replication slot \"{}\" stands at {}, past {}, the last position that was confirmed from here",
                       slot, health.confirmed_flush, confirmed);
  return {};
}

SlotWatch::SlotWatch(std::unique_ptr<SlotMonitor> monitor, const Options& options, LiveStatus& status, RunState& run)
    : monitor_(std::move(monitor)), options_(options), status_(status), run_(run), warning_(options.wal_warning_bytes) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    name_this_thread("slot watch");
    guarded(run_, "slot watch", [&] { work(stop); });
  });
}

void SlotWatch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void SlotWatch::work(const std::stop_token& stop) {
  SteadyTime look_at = steady_now();
  SteadyTime beat_at = steady_now() + options_.heartbeat;
  while (!stop.stop_requested()) {
    if (steady_now() >= look_at) {
      look(steady_now(), stop);
      look_at = steady_now() + options_.slot_look_interval;
    }
    if (options_.heartbeat.count() != 0 && steady_now() >= beat_at) {
      if (const flusso::Status sent = monitor_->beat(stop); !sent)
        kSlotLog.warn("a heartbeat cannot be written", kv("reason", sent.error().what));
      beat_at = steady_now() + options_.heartbeat;
    }
    const SteadyTime next = options_.heartbeat.count() != 0 ? std::min(look_at, beat_at) : look_at;
    if (!pause(stop, std::max(Millis{1}, std::chrono::ceil<Millis>(next - steady_now())))) return;
  }
}

void SlotWatch::look(SteadyTime at, const std::stop_token& stop) {
  const Result<SlotHealth> health = monitor_->look(stop);
  if (!health) {
    if (!std::exchange(blind_, true) && health.error().kind != ErrorKind::cancelled)
      kSlotLog.warn("the slot cannot be looked at", kv("reason", health.error().what));
    return;
  }
  blind_ = false;
  if (health->exists)
    status_.set_slot(SlotStatus{health->wal_status, health->lag_bytes, health->retained_bytes, health->safe_wal_bytes});
  // After the question: what was confirmed since only raises the bound.
  if (std::string fault = slot_fault(*health, status_.confirmed(), options_.slot); !fault.empty()) {
    run_.fail(Error{ErrorKind::transient, "source.slot_changed", std::move(fault)});
    return;
  }
  if (const std::string warning = warning_.look(*health, at); !warning.empty())
    kSlotLog.warn(
        "WAL is kept for this slot", kv("slot", options_.slot), kv("what", warning),
        kv("cure", "see why positions are not confirmed: a sink that is away, a long transaction, a slow sink"));
}

}  // namespace flusso::pipeline
