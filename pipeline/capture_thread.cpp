#include "pipeline/capture_thread.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "model/clock.h"
#include "model/thread_name.h"
#include "pipeline/guarded.h"

namespace flusso::pipeline {
namespace {

constexpr Millis kIdleWait{1000};
// A change never counts less than this, so that the account also bounds their number (32 MiB: 65 536 changes whose
// documents are not known yet).
constexpr std::uint64_t kLeastBytesPerChange = 512;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

}  // namespace

CaptureThread::CaptureThread(ChangeCapture& capture, Lsn confirmed, Graph& graph, CommitLog& commits, Budgets& budgets,
                             LiveStatus& status, RunState& run)
    : capture_(capture),
      graph_(graph),
      commits_(commits),
      budgets_(budgets),
      status_(status),
      run_(run),
      assemble_(confirmed, stages::AssembleLimits{}) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    name_this_thread("capture");
    guarded(run_, "capture", [&] { work(stop); });
  });
}

void CaptureThread::stop() {
  thread_.request_stop();
  capture_.wake();
  if (thread_.joinable()) thread_.join();
}

void CaptureThread::drain() {
  draining_.store(true);
  capture_.wake();
}

void CaptureThread::put(ChangeBatch batch, const std::stop_token& stop) {
  const std::uint64_t bytes =
      std::max<std::uint64_t>(batch.changes.size() * kLeastBytesPerChange,
                              batch.texts.size() + batch.fields.size() * sizeof(ChangeBatch::Field) +
                                  batch.changes.size() * sizeof(ChangeBatch::Change));
  if (bytes != 0) {
    auto lease = budgets_.changes.try_acquire(bytes, Urgency::live);
    while (!lease) {
      if (stop.stop_requested()) return;
      // Confirmed groups give memory back and wake us; feedback flows meanwhile.
      if (const flusso::Status alive = capture_.keep_alive(Millis{20}); !alive) {
        run_.fail(alive.error());
        return;
      }
      lease = budgets_.changes.try_acquire(bytes, Urgency::live);
    }
    batch.lease = std::move(*lease);
  }
  ++status_.groups_put;
  status_.changes.put(batch.changes.size());
  graph_.put_changes(std::move(batch));
}

// Before anything of the event can be confirmed.
flusso::Status CaptureThread::note(const CaptureEvent& event) {
  if (const auto* commit = std::get_if<CaptureCommit>(&event))
    return commits_.committed(CommitMark{commit->end_lsn, commit->xid});
  if (const auto* keepalive = std::get_if<CaptureKeepalive>(&event)) return commits_.reached(keepalive->lsn);
  return {};
}

void CaptureThread::read(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    auto now = steady_now();
    if (draining_.load()) {
      if (!assemble_.in_transaction() && assemble_.ready(false, now)) put(assemble_.take(), stop);
      return;
    }
    Millis wait = kIdleWait;
    if (const auto deadline = assemble_.deadline())
      wait = std::clamp(std::chrono::duration_cast<Millis>(*deadline - now), Millis{0}, kIdleWait);
    Result<CaptureEvent> event = capture_.next(wait);
    if (!event) {
      run_.fail(event.error());
      return;
    }
    if (const flusso::Status known = note(*event); !known) {
      run_.fail(known.error());
      return;
    }
    now = steady_now();
    std::visit(Overloaded{[](const CaptureNothing&) {}, [&](const CaptureBegin& begin) { assemble_.begin(begin.xid); },
                          [&](const RowEvent& row) { assemble_.row(row, now); },
                          [&](const CaptureGap& gap) { assemble_.gap(gap, now); },
                          [&](const CaptureCommit& commit) { assemble_.commit(commit.xid, commit.end_lsn, now); },
                          [&](const CaptureKeepalive& keepalive) { assemble_.keepalive(keepalive.lsn, now); }},
               *event);
    if (!assemble_.deadline()) continue;
    const bool more = !assemble_.in_transaction() && capture_.readable();
    if (assemble_.ready(more, now)) put(assemble_.take(), stop);
  }
}

void CaptureThread::work(const std::stop_token& stop) {
  read(stop);
  drained_.store(true);
  while (!stop.stop_requested() && !run_.stopping()) {
    if (const flusso::Status alive = capture_.keep_alive(Millis{200}); !alive) {
      run_.fail(alive.error());
      return;
    }
  }
  if (!run_.stopping()) capture_.finish();
}

}  // namespace flusso::pipeline
