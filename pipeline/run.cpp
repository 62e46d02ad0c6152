#include "pipeline/run.h"

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

constexpr Logger kRunLog{"run"};
// How long control waits for mail before it looks after its clocks.
constexpr Millis kLook{50};
constexpr Millis kLookWhileDraining{10};

// What happened, for a sentence about the table.
std::string_view to_text(GapReason reason) {
  switch (reason) {
    case GapReason::truncated:
      return "was truncated";
    case GapReason::identity_narrowed:
      return "lost columns of its replica identity";
    case GapReason::definition_changed:
      return "changed its definition";
  }
  return "changed";
}

}  // namespace

Run::Run(Prepared& prepared, Backends& backends, SourceAdmin& source, const Options& options, Budgets& budgets,
         LiveStatus& status, SeededNames& stdout_seeded)
    : prepared_(prepared),
      backends_(backends),
      source_(source),
      options_(options),
      budgets_(budgets),
      status_(status),
      stdout_seeded_(stdout_seeded),
      stall_watch_(budgets),
      commits_(prepared.expected_commit),
      claims_(prepared, backends, options, status),
      refresher_(prepared, backends, options) {
  for (const auto& sink : prepared.kept) {
    staged_.emplace_back(sink.size(), false);
    std::vector<bool>& fresh = seeded_from_start_.emplace_back();
    for (const KeptIndex& index : sink) fresh.push_back(index.building.has_value() && !index.resume);
  }
}

Run::~Run() = default;

void Run::request_drain() {
  draining_.store(true);
  intake_stop_.request_stop();
  mail_.wake();
}

void Run::request_abort(Error why) {
  state_.fail(std::move(why));
  intake_stop_.request_stop();
}

GraphCallbacks Run::callbacks() {
  GraphCallbacks calls;
  calls.on_durable = [this](Lsn lsn, GroupSeq seq) { mail_.put([&](Mail& m) { m.durable = Durable{lsn, seq}; }); };
  calls.on_may_start = [this](stages::Ticket ticket) { seeder_->may_start(ticket); };
  calls.on_recorded = [this](stages::Ticket ticket) { mail_.put([&](Mail& m) { m.recorded.push_back(ticket); }); };
  calls.on_answered = [this](std::uint64_t question) {
    if (!look_back_->answered(question)) mail_.put([&](Mail& m) { m.answered.push_back(question); });
  };
  if (LookBack::possible(backends_))
    calls.on_old_rows = [this](GroupSeq seq, std::map<IndexId, std::vector<std::string>> tokens) {
      look_back_->add({seq, std::move(tokens)});
    };
  calls.on_gap = [this](GroupSeq seq, std::vector<TableGap> gaps) {
    mail_.put([&](Mail& m) { m.gaps.emplace_back(seq, std::move(gaps)); });
  };
  calls.on_written = [this](SinkId sink, const stages::Completion& completion) {
    status_.documents_written += completion.docs.size();
    refresher_.on_written(sink, completion);
  };
  return calls;
}

Run::Outcome Run::execute() {
  capture_ = backends_.capture(prepared_.plan);
  const Result<Lsn> start = capture_->start();
  if (!start) return Outcome{End::failed, start.error(), false};
  status_.groups_confirmed.store(status_.groups_put.load());
  status_.end_run();
  status_.set_seeds({});
  status_.set_confirmed(*start);
  ++status_.runs;
  graph_ = std::make_unique<Graph>(prepared_.plan, backends_, *start, options_, budgets_, status_, state_, callbacks());
  look_back_ = std::make_unique<LookBack>(prepared_.plan, backends_, options_, status_,
                                          [this](stages::LedgerEvent event) { graph_->post(std::move(event)); });
  seeder_ = std::make_unique<Seeder>(prepared_, backends_, source_, options_, budgets_, status_, state_, *graph_, mail_,
                                     stdout_seeded_);
  seeder_->set_targets();
  claims_.watch(commits_);
  capture_thread_ = std::make_unique<CaptureThread>(*capture_, *start, *graph_, commits_, budgets_, status_, state_);
  catalog_guard_ = std::make_unique<CatalogGuard>(prepared_, source_, backends_, options_, state_, mail_);
  ticker_ = std::jthread([this](const std::stop_token& stop) {
    name_this_thread("ticker");
    bool busy = true;
    while (pause(stop, busy ? options_.tick : options_.idle_tick)) busy = graph_->tick(steady_now());
  });
  lock_watch_ = std::jthread([this](const std::stop_token& stop) {
    name_this_thread("lock watch");
    while (pause(stop, options_.lock_check_interval))
      if (backends_.exclusive_lost())
        state_.fail(Error{ErrorKind::transient, "pg.lock_lost",
                          "the connection that makes this process the only writer was lost"});
  });
  slot_watch_ = std::make_unique<SlotWatch>(backends_.slot_monitor(), options_, status_, state_);
  control_ = std::jthread([this] {
    name_this_thread("control");
    guarded(state_, "control", [this] { control(state_.token()); });
    // In this order nothing calls into the graph once it is closed.
    catalog_guard_->stop();
    seeder_->stop();
    capture_thread_->stop();
    look_back_->stop();
    ticker_.request_stop();
    lock_watch_.request_stop();
    ticker_.join();
    lock_watch_.join();
    slot_watch_->stop();
    if (state_.stopping()) {
      for (SinkBackend& sink : backends_.sinks()) sink.writer->cancel_pending();
      graph_->abandon();
    }
    graph_->close();
  });
  graph_->wait();
  control_.join();
  if (drained_ && !state_.stopping()) return Outcome{caught_up_ ? End::caught_up : End::drained, {}, true};
  return Outcome{End::failed,
                 state_.error().value_or(Error{ErrorKind::cancelled, "run.stopped", "the run was stopped"}), true};
}

void Run::control(const std::stop_token& stop) {
  const flusso::Status done = work(stop);
  if (!done) state_.fail(done.error());
}

Status Run::work(const std::stop_token& stop) {
  status_.phase.store(Phase::backfilling);
  if (const Status seeds = seeder_->start(intake_stop_.get_token());
      !seeds && !(draining_.load() && seeds.error().kind == ErrorKind::cancelled))
    return seeds;
  while (!stop.stop_requested() && !draining_.load()) {
    FLUSSO_TRY(handle(mail_.wait(stop, kLook)));
    FLUSSO_TRY(seeder_->check_rewritten());
    if (!seeder_->seeding()) FLUSSO_TRY(follow());
  }
  if (stop.stop_requested()) return {};
  return drain(stop);
}

Status Run::handle(Mail mail) {
  for (const stages::Ticket ticket : mail.recorded) FLUSSO_TRY(seeder_->on_recorded(ticket));
  for (const std::uint64_t question : mail.answered) FLUSSO_TRY(seeder_->on_answered(question));
  for (const auto& [seq, gaps] : mail.gaps) FLUSSO_TRY(on_gap(seq, gaps));
  if (mail.catalog) save_catalog(*mail.catalog);
  if (mail.durable) claims_.add(*mail.durable);
  const SteadyTime at = steady_now();
  FLUSSO_TRY(confirm(at));
  refresher_.refresh(at, status_.groups_put.load() - status_.groups_confirmed.load());
  stall_watch_.look(at);
  if (at - last_progress_ >= options_.seed_progress_interval) {
    last_progress_ = at;
    FLUSSO_TRY(seeder_->save_progress());
  }
  return {};
}

// Every index is complete.
Status Run::follow() {
  if (status_.phase.load() != Phase::live) {
    status_.phase.store(Phase::live);
    kRunLog.info("following live changes", kv("slot", options_.slot), kv("confirmed", status_.confirmed()));
  }
  if (!options_.backfill_only) return {};
  if (!backfill_target_) {
    FLUSSO_TRY_ASSIGN(backfill_target_, source_.current_wal());
    kRunLog.info("every index is seeded; waiting until the position at that moment is confirmed",
                 kv("position", *backfill_target_));
  }
  caught_up_ = status_.confirmed() >= *backfill_target_;
  if (caught_up_) request_drain();
  return {};
}

Status Run::confirm(SteadyTime at) {
  FLUSSO_TRY_ASSIGN(const auto confirmed, claims_.confirm(at, *capture_));
  if (restart_after_ && confirmed && *confirmed >= *restart_after_)
    return fail(ErrorKind::transient, "source.gap",
                "changes of a table do not tell all of their documents; starting over to build its indexes anew");
  return {};
}

// A gap names no documents: every index of the table is built anew, durably decided before the group may be confirmed.
Status Run::on_gap(GroupSeq seq, const std::vector<TableGap>& gaps) {
  for (const TableGap& gap : gaps) {
    const TableRef& table = prepared_.plan.tables[gap.table.value].info.table;
    for (std::size_t i = 0; i < prepared_.plan.indexes.size(); ++i) {
      const std::vector<TableRef>& used = prepared_.plan.indexes[i].tables;
      if (std::find(used.begin(), used.end(), table) == used.end()) continue;
      for (std::size_t s = 0; s < backends_.sinks().size(); ++s)
        FLUSSO_TRY(build_anew(IndexId{static_cast<std::uint16_t>(i)}, SinkId{static_cast<std::uint8_t>(s)}, gap));
      // A stale plan is one for stdout too.
      if (!restart_after_ && gap.reason == GapReason::definition_changed && !is_planned_for(gap)) restart_after_ = seq;
    }
  }
  const auto any = [](const std::vector<bool>& sink) {
    return std::find(sink.begin(), sink.end(), true) != sink.end();
  };
  if (!restart_after_ && std::any_of(staged_.begin(), staged_.end(), any)) restart_after_ = seq;
  stages::KeyPage page;
  page.seq = seq;
  page.pages_of_part = 1;
  graph_->post(std::move(page));
  return {};
}

Status Run::build_anew(IndexId index, SinkId id, const TableGap& gap) {
  const IndexPlan& plan = prepared_.plan.indexes[index.value];
  const std::string table = flusso::to_text(prepared_.plan.tables[gap.table.value].info.table);
  SinkBackend& sink = backends_.sinks()[id.value];
  if (!sink.admin) {
    kRunLog.warn("stdout cannot be told which documents are gone or stale", kv("index", plan.name), kv("table", table),
                 kv("it", to_text(gap.reason)));
    return {};
  }
  // What is staged already is seeded from behind this gap.
  if (staged_[id.value][index.value] || is_covered(index, id, gap)) return {};
  kRunLog.warn("changes of a table do not tell their documents; the index is built anew behind its alias",
               kv("index", plan.name), kv("sink", sink.name), kv("table", table), kv("it", to_text(gap.reason)));
  FLUSSO_TRY(sink.records->remove_seed(sink.admin->hash_alias(plan)));
  FLUSSO_TRY(sink.admin->stage(plan));
  status_.set_index(plan.name, IndexPhase::pending);
  seeder_->supersede(index);
  staged_[id.value][index.value] = true;
  return {};
}

// Nothing of it matters, so nothing is lost where it cannot be saved: the next start finds the same differences.
void Run::save_catalog(const CatalogState& state) {
  for (SinkBackend& sink : backends_.sinks())
    if (sink.records)
      if (const Status saved = sink.records->save_catalog(options_.slot, state); !saved)
        kRunLog.warn("the state of the catalog cannot be noted in the sink", kv("sink", sink.name),
                     kv("reason", saved.error().what));
}

// The plan of this run was compiled when that transaction had ended.
bool Run::is_planned_for(const TableGap& gap) const {
  const std::uint64_t described = prepared_.source.described_xid;
  const auto distance = static_cast<std::int32_t>(gap.xid.value - static_cast<std::uint32_t>(described));
  return described != 0 && distance < 0;
}

// Every chunk is read from behind that transaction. Without this, a gap that lies behind us would come again, and stage
// again, after each restart until the stream has passed it.
bool Run::is_covered(IndexId index, SinkId sink, const TableGap& gap) const {
  return is_planned_for(gap) && seeded_from_start_[sink.value][index.value];
}

// ---- the end -------------------------------------------------------------------------------------------------------

Error Run::drain_deadline() const {
  return Error{ErrorKind::transient, "run.drain_deadline",
               fmt::format("not everything could be written and confirmed within {} s; what is left is repeated at the "
                           "next start",
                           options_.drain_deadline.count() / 1000)};
}

Status Run::drain(const std::stop_token& stop) {
  status_.phase.store(Phase::draining);
  const SteadyTime deadline = steady_now() + options_.drain_deadline;
  capture_thread_->drain();
  look_back_->hurry();
  seeder_->pause();
  std::optional<std::uint64_t> question;
  while (true) {
    const Mail mail = mail_.wait(stop, kLookWhileDraining);
    if (stop.stop_requested()) return {};
    for (const stages::Ticket ticket : mail.recorded) seeder_->note_recorded(ticket);
    for (const std::uint64_t answered : mail.answered) FLUSSO_TRY(seeder_->on_answered(answered));
    for (const auto& [seq, gaps] : mail.gaps) FLUSSO_TRY(on_gap(seq, gaps));
    if (mail.durable) claims_.add(*mail.durable);
    const bool quiet =
        capture_thread_->drained() && seeder_->idle() && status_.groups_confirmed.load() == status_.groups_put.load();
    const bool idle =
        question && std::find(mail.answered.begin(), mail.answered.end(), *question) != mail.answered.end();
    if (quiet && idle) break;
    if (quiet && !question) {
      question = mail_.new_question();
      graph_->post(stages::IdleRequest{*question});
    }
    if (steady_now() > deadline) return fail(drain_deadline());
  }
  FLUSSO_TRY(seeder_->save_progress());
  restart_after_.reset();  // the staged generation is durable: the next start goes on with it
  claims_.hurry();
  while (claims_.waiting()) {
    FLUSSO_TRY(confirm(steady_now()));
    if (!claims_.waiting()) break;
    if (steady_now() > deadline)
      return fail(drain_deadline());  // a sink that cannot note the position now is asked again
    if (!pause(stop, options_.claim_interval)) return {};
  }
  drained_ = true;
  return {};
}

}  // namespace flusso::pipeline
