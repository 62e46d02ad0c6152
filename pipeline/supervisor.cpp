#include "pipeline/supervisor.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "model/clock.h"
#include "model/log.h"
#include "pipeline/history.h"
#include "pipeline/pause.h"
#include "pipeline/preparation.h"
#include "pipeline/run.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kSupervisorLog{"supervisor"};

// Another flusso leads.
bool is_locked(const Error& error) { return error.code == "pg.locked"; }
// The slot is in use: by our own process of before, of which Postgres has not noticed the end yet, or by a stranger.
bool is_slot_held(const Error& error) { return error.code == "pg.slot_active" || error.code == "pg.55006"; }
// The slot is not what it was: the next preparation judges it.
bool is_slot_changed(const Error& error) {
  return error.code == "source.slot_changed" || error.code == "pg.slot_missing" || error.code == "pg.slot_lost";
}

// The server's history is not the one that was followed.
bool is_rewritten(const Error& error) { return error.code == "source.history_changed"; }

// The server answers, or would if it were not busy, full or just starting: worth waiting for even at the very first
// start.
bool is_there_but_busy(const Error& error) {
  return error.kind == ErrorKind::transient &&
         (error.code == "http.timeout" || error.code == "http.429" || error.code == "http.503" ||
          error.code == "pg.57P03" || error.code == "pg.53300" || error.code == "pg.no_free_slot");
}

// Decorrelated jitter: waits spread out, grow up to a ceiling, and start over after a healthy run.
class Backoff {
 public:
  Backoff(Millis first, Millis most) : first_(first), most_(most), last_(first) {}
  Millis next() {
    std::uniform_int_distribution<Millis::rep> spread(first_.count(), std::max(first_.count(), last_.count() * 3));
    last_ = std::min(most_, Millis{spread(random_)});
    return last_;
  }
  void reset() { last_ = first_; }

 private:
  const Millis first_;
  const Millis most_;
  Millis last_;
  std::minstd_rand random_{std::random_device{}()};
};

// What a preparation has found out about each index.
void show_indexes(const Prepared& prepared, Backends& backends, const SeededNames& stdout_seeded, LiveStatus& status) {
  const auto& sinks = backends.sinks();
  const bool any_admin =
      std::any_of(sinks.begin(), sinks.end(), [](const SinkBackend& s) { return s.admin != nullptr; });
  for (std::size_t i = 0; i < prepared.plan.indexes.size(); ++i) {
    const std::string& name = prepared.plan.indexes[i].name;
    bool seeded = any_admin || stdout_seeded.contains(name);
    for (std::size_t s = 0; s < sinks.size(); ++s)
      if (sinks[s].admin) seeded = seeded && prepared.kept[s][i].serving && !prepared.kept[s][i].building;
    status.set_index(name, seeded ? IndexPhase::seeded : IndexPhase::pending);
  }
  std::map<std::string, std::string> paused;
  for (const PausedIndex& one : prepared.paused) {
    paused.emplace(one.index.name, one.why.what);
    status.set_index(one.index.name, IndexPhase::paused);
  }
  status.set_paused(std::move(paused));
}

}  // namespace

Supervisor::Supervisor(std::vector<IndexPlan> indexes, Backends& backends, const Options& options, LiveStatus& status)
    : indexes_(std::move(indexes)),
      backends_(backends),
      options_(options),
      status_(status),
      budgets_(options_),
      source_(backends.source_admin()) {}

Supervisor::~Supervisor() {
  settle_sinks();  // replies to abandoned requests still hold memory of ours
}

void Supervisor::settle_sinks() {
  for (SinkBackend& sink : backends_.sinks()) {
    sink.writer->cancel_pending();
    sink.writer->wait_idle(sink.writer->limits().request_timeout);
  }
}

bool Supervisor::stand_by(const Error& error) {
  status_.forget_indexes();
  status_.role.store(Role::standby);
  status_.phase.store(Phase::waiting);
  const SteadyTime now = steady_now();
  if (now - stood_by_said_ >= options_.standby_say) {
    stood_by_said_ = now;
    kSupervisorLog.info("standing by: another flusso leads; this one takes over when it is gone",
                        kv("slot", options_.slot), kv("reason", error.what));
  }
  if (pause(drain_.get_token(), options_.standby_look)) return true;
  status_.phase.store(Phase::stopped);
  return false;
}

void Supervisor::request_drain() {
  drain_.request_stop();
  const std::scoped_lock lock(mutex_);
  if (current_ != nullptr) current_->request_drain();
}

void Supervisor::request_abort() {
  drain_.request_stop();
  abort_.request_stop();
  const std::scoped_lock lock(mutex_);
  if (current_ != nullptr)
    current_->request_abort(Error{ErrorKind::cancelled, "run.aborted", "stopped before everything was written"});
}

Supervisor::Attempt Supervisor::attempt() {
  Attempt result;
  // A standby stays one until it has prepared everything.
  if (status_.role.load() != Role::standby) status_.phase.store(Phase::starting);
  Result<Prepared> prepared =
      prepare(indexes_, backends_, *source_, options_, stdout_seeded_, known_gap_, drain_.get_token());
  if (!prepared) {
    result.error = std::move(prepared).error();
    return result;
  }
  show_indexes(*prepared, backends_, stdout_seeded_, status_);
  result.prepared = true;
  status_.role.store(Role::leader);
  status_.phase.store(Phase::starting);
  known_gap_.reset();  // what follows from it is durable
  Run run(*prepared, backends_, *source_, options_, budgets_, status_, stdout_seeded_);
  {
    const std::scoped_lock lock(mutex_);
    current_ = &run;
    if (drain_.stop_requested()) run.request_drain();
  }
  Run::Outcome outcome = run.execute();
  {
    const std::scoped_lock lock(mutex_);
    current_ = nullptr;
  }
  result.started = outcome.started;
  result.drained = outcome.end != Run::End::failed;
  result.caught_up = outcome.end == Run::End::caught_up;
  if (outcome.error) result.error = std::move(*outcome.error);
  return result;
}

Supervisor::Outlook Supervisor::judge(const Attempt& attempt, bool worked_before, Millis running) const {
  const Error& error = attempt.error;
  if (is_locked(error)) return options_.backfill_only ? Outlook::hopeless : Outlook::standby;
  if (is_slot_held(error) && (worked_before || running < options_.slot_patience)) return Outlook::held;
  const bool transient = error.kind == ErrorKind::transient;
  // It was there a moment ago; the next start judges what it finds.
  const bool vanished = is_slot_changed(error) && (attempt.prepared || transient);
  const bool rewritten = is_rewritten(error) && options_.on_slot_lost != SlotLossPolicy::stop;
  const bool passing = (transient && worked_before) || is_there_but_busy(error) || rewritten || vanished;
  return passing ? Outlook::passing : Outlook::hopeless;
}

flusso::Status Supervisor::run() {
  FLUSSO_TRY(keep_running());
  // Whoever started it as a job asks the exit code whether it is done.
  if (options_.backfill_only && !caught_up_)
    return fail(ErrorKind::cancelled, "run.interrupted",
                "stopped before every index was seeded and had caught up; what is done is kept, and the same command "
                "goes on from there");
  return {};
}

flusso::Status Supervisor::keep_running() {
  Backoff backoff(options_.first_backoff, options_.max_backoff);
  const SteadyTime begun = steady_now();
  bool worked_before = false;
  while (true) {
    const SteadyTime attempt_begun = steady_now();
    const Attempt attempt = this->attempt();
    status_.end_run();
    worked_before = worked_before || attempt.started;
    if (attempt.drained) {
      caught_up_ = attempt.caught_up;
      status_.phase.store(Phase::stopped);
      if (const auto paused = status_.paused(); options_.backfill_only && !paused.empty())
        return fail(
            ErrorKind::permanent, "run.paused",
            fmt::format("index {} is paused and not seeded: {}", paused.begin()->first, paused.begin()->second));
      return {};
    }
    const SteadyTime ended = steady_now();
    const Outlook outlook = judge(attempt, worked_before, std::chrono::duration_cast<Millis>(ended - begun));
    if (drain_.stop_requested()) {
      status_.phase.store(Phase::stopped);
      // What had not begun leaves nothing unfinished, and what would have been waited for is no failure.
      const bool waited = !attempt.started && outlook != Outlook::hopeless;
      if (abort_.stop_requested() || !(waited || attempt.error.kind == ErrorKind::cancelled))
        return fail(attempt.error);
      return {};
    }
    if (outlook == Outlook::standby) {
      if (attempt.started) settle_sinks();
      if (!stand_by(attempt.error)) return {};
      worked_before = true;  // for the leader it does: whatever fails now is worth waiting for
      continue;
    }
    if (is_rewritten(attempt.error)) {
      if (options_.on_slot_lost == SlotLossPolicy::stop) return fail(slot_lost(attempt.error.what));
      known_gap_ = attempt.error.what;
    }
    const bool held = outlook == Outlook::held;
    status_.role.store(Role::none);
    status_.note_error(attempt.error.what, held);
    status_.phase.store(outlook == Outlook::hopeless ? Phase::stopped : Phase::waiting);
    if (outlook == Outlook::hopeless) return fail(attempt.error);
    settle_sinks();
    if (attempt.started && ended - attempt_begun > options_.healthy_after) backoff.reset();
    const Millis wait = held ? options_.held_look : backoff.next();
    kSupervisorLog.warn(
        held ? "waiting for the replication slot" : "interrupted; starting again from the confirmed position",
        kv("reason", attempt.error.what), kv("code", attempt.error.code), kv("wait_ms", wait.count()));
    if (!pause(drain_.get_token(), wait) && !abort_.stop_requested()) {
      status_.phase.store(Phase::stopped);
      return {};  // nothing is in flight while we wait; what is unconfirmed is repeated at the next start
    }
  }
}

}  // namespace flusso::pipeline
