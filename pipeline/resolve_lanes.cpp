#include "pipeline/resolve_lanes.h"

#include <atomic>
#include <utility>
#include "model/clock.h"

#include "pipeline/guarded.h"
#include "pipeline/pause.h"
#include "pipeline/read_lane.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kResolveLog{"resolve"};
constexpr Millis kLeftFor{5000};     // how long a path is kept off the quick lane after it had to be left
constexpr Millis kTakesLong{5000};   // a lookup that took so long belongs there
constexpr Millis kBetweenTurns{50};  // of the patient lane, while everything it has is locked

LookupPlan only(const LookupPlan& plan, std::size_t start) {
  LookupPlan one;
  one.seq = plan.seq;
  one.starts.push_back(plan.starts[start]);
  return one;
}

}  // namespace

void LeftPaths::leave(PathId path, SteadyTime until) {
  const std::scoped_lock lock(mutex_);
  until_[path] = until;
}

void LeftPaths::clear(PathId path) {
  const std::scoped_lock lock(mutex_);
  until_.erase(path);
}

bool LeftPaths::left(PathId path, SteadyTime at) const {
  const std::scoped_lock lock(mutex_);
  const auto found = until_.find(path);
  return found != until_.end() && found->second > at;
}

ResolveLanes::ResolveLanes(const GraphContext& context) : context_(context) {
  patient_ = std::make_unique<Pool>("patient lane", 1, [this] { return patient_worker(); });
  quick_ = std::make_unique<Pool>("resolve lane", context.options.resolve_lanes, [this] { return quick_worker(); });
}

void ResolveLanes::push(LookupPlan plan, Hold<ResolveNode::gateway_type> hold) {
  auto part = std::make_shared<Part>(plan.seq, std::move(hold));
  quick_->push(Job{std::move(plan), std::move(part)});
}

void ResolveLanes::stop() {
  quick_->stop();
  patient_->stop();
}

Status ResolveLanes::run(RowResolver& resolver, const LookupPlan& plan, Part& part, const std::stop_token& stop) const {
  const auto emit = [&](IndexId index, std::vector<std::string> keys) -> Status {
    auto lease = context_.budgets.ids.acquire(keys.size(), Urgency::live, stop);
    if (!lease) return flusso::fail(ErrorKind::cancelled, "resolve.cancelled", "stopped");
    ++part.pages;
    part.hold.put(
        LedgerMsg(stages::LedgerEvent(stages::KeyPage{part.seq, index, std::move(keys), std::move(*lease), {}})));
    return {};
  };
  ReadAttempts attempts("finding the documents of changed rows", context_.run);
  while (true) {
    Status done = resolver.resolve(plan, context_.options.page_keys, emit, stop);
    if (done || is_lock_or_timeout(done.error()) || !attempts.again(done.error(), stop)) return done;
  }
}

void ResolveLanes::end_piece(Part& part) {
  if (--part.pieces != 0) return;
  stages::KeyPage last;
  last.seq = part.seq;
  last.pages_of_part = part.pages + 1;
  part.hold.put(LedgerMsg(stages::LedgerEvent(std::move(last))));
}

void ResolveLanes::leave(const LookupPlan& plan, std::size_t start, const std::shared_ptr<Part>& part) {
  ++part->pieces;
  patient_->push(Job{only(plan, start), part});
}

ResolveLanes::Pool::Worker ResolveLanes::quick_worker() {
  auto resolver = std::shared_ptr<RowResolver>(context_.backends.resolver(context_.plan, Patience::brief));
  return [this, resolver](Job job, const std::stop_token& stop) {
    guarded(context_.run, "resolve", [&] {
      LookupPlan plan;
      plan.seq = job.plan.seq;
      for (std::size_t i = 0; i < job.plan.starts.size(); ++i) {
        if (left_.left(job.plan.starts[i].path, steady_now()))
          leave(job.plan, i, job.part);
        else
          plan.starts.push_back(std::move(job.plan.starts[i]));
      }
      Status done = run(*resolver, plan, *job.part, stop);
      if (!done && is_lock_or_timeout(done.error())) {
        kResolveLog.warn("lookups are tried again apart from others", kv("reason", done.error().what));
        // Which of several it was is seen by trying each alone: a lookup that waits is left after a moment.
        for (std::size_t i = 0; i < plan.starts.size(); ++i) {
          const bool alone = plan.starts.size() == 1;
          const bool again = !alone && !is_too_slow(done.error());
          if (again && run(*resolver, only(plan, i), *job.part, stop)) continue;
          if (alone || again) left_.leave(plan.starts[i].path, steady_now() + kLeftFor);
          leave(plan, i, job.part);
        }
      } else if (!done) {
        return;  // the run is over
      }
      end_piece(*job.part);
    });
  };
}

ResolveLanes::Pool::Worker ResolveLanes::patient_worker() {
  auto resolver = std::shared_ptr<RowResolver>(context_.backends.resolver(context_.plan, Patience::unbounded));
  auto tried = std::make_shared<std::map<PathId, SteadyTime>>();  // paths found locked a moment ago
  return [this, resolver, tried](Job job, const std::stop_token& stop) {
    guarded(context_.run, "resolve", [&] {
      const PathId path = job.plan.starts.front().path;
      const SteadyTime begun = steady_now();
      if (const auto last = tried->find(path); last != tried->end() && last->second > begun) {
        patient_->push(std::move(job));
        pause(stop, Millis{5});
        return;
      }
      const Status done = run(*resolver, job.plan, *job.part, stop);
      if (!done && is_lock_or_timeout(done.error())) {
        kResolveLog.warn("lookups wait for a table", kv("reason", done.error().what));
        left_.leave(path, steady_now() + kLeftFor);
        (*tried)[path] = steady_now() + kBetweenTurns;
        patient_->push(std::move(job));
        pause(stop, kBetweenTurns);
        return;
      }
      if (!done) return;
      tried->erase(path);
      if (steady_now() - begun > kTakesLong)
        left_.leave(path, steady_now() + kLeftFor);
      else
        left_.clear(path);
      end_piece(*job.part);
    });
  };
}

}  // namespace flusso::pipeline
