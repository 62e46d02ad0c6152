#include "pipeline/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/log.h"
#include "pipeline/guarded.h"
#include "pipeline/pause.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kLog{"run"};
// Fewer open groups than this count as caught up: searches are refreshed at once instead of by the refresh interval.
constexpr std::uint64_t kCaughtUpGroups = 32;

SteadyTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

Run::Run(Prepared& prepared, Backends& backends, SourceAdmin& source, const Options& options, Budgets& budgets,
         LiveStatus& status, std::vector<bool>& stdout_seeded)
    : prepared_(prepared),
      backends_(backends),
      source_(source),
      options_(options),
      budgets_(budgets),
      status_(status),
      stdout_seeded_(stdout_seeded),
      stall_watch_(budgets),
      truncated_(prepared.plan.indexes.size(), false) {
  for (std::size_t s = 0; s < backends_.sinks().size(); ++s)
    written_.push_back(std::make_unique<std::atomic<bool>[]>(prepared_.plan.indexes.size()));
}

Run::~Run() = default;

void Run::request_drain() {
  draining_.store(true);
  intake_stop_.request_stop();
  const std::scoped_lock lock(mutex_);
  mailed_.notify_all();
}

void Run::request_abort(Error why) {
  state_.fail(std::move(why));
  intake_stop_.request_stop();
}

GraphCallbacks Run::callbacks() {
  const auto mail = [this](auto&& put) {
    {
      const std::scoped_lock lock(mutex_);
      put(mail_);
    }
    mailed_.notify_all();
  };
  GraphCallbacks calls;
  calls.on_durable = [mail](Lsn lsn, GroupSeq seq) { mail([&](Mail& m) { m.durable = Durable{lsn, seq}; }); };
  calls.on_may_start = [this](stages::Ticket ticket) { board_->may_start(ticket); };
  calls.on_recorded = [mail](stages::Ticket ticket) { mail([&](Mail& m) { m.recorded.push_back(ticket); }); };
  calls.on_answered = [mail](std::uint64_t id) { mail([&](Mail& m) { m.answered.push_back(id); }); };
  calls.on_truncated = [mail](GroupSeq seq, std::vector<TableId> tables) {
    mail([&](Mail& m) { m.truncated.emplace_back(seq, std::move(tables)); });
  };
  calls.on_written = [this](SinkId sink, const stages::Completion& completion) {
    status_.documents_written += completion.docs.size();
    IndexId last{UINT16_MAX};
    for (const stages::CompletedDoc& doc : completion.docs) {
      if (doc.index == last) continue;
      last = doc.index;
      written_[sink.value][doc.index.value].store(true, std::memory_order_relaxed);
    }
  };
  return calls;
}

Run::Outcome Run::execute() {
  capture_ = backends_.capture(prepared_.plan);
  const Result<Lsn> start = capture_->start();
  if (!start) return Outcome{End::failed, start.error(), false};
  status_.groups_confirmed.store(status_.groups_put.load());
  status_.set_confirmed(*start);
  ++status_.runs;
  graph_ = std::make_unique<Graph>(prepared_.plan, backends_, *start, options_, budgets_, status_, state_, callbacks());
  board_ = std::make_unique<SeedBoard>(prepared_.plan, backends_, *graph_, budgets_, options_, status_, state_);
  set_targets();
  capture_thread_ = std::make_unique<CaptureThread>(*capture_, *start, *graph_, budgets_, status_, state_);
  ticker_ = std::jthread([this](const std::stop_token& stop) {
    while (pause(stop, options_.tick)) graph_->tick(now());
  });
  lock_watch_ = std::jthread([this](const std::stop_token& stop) {
    while (pause(stop, options_.lock_check_interval))
      if (backends_.exclusive_lost())
        state_.fail(Error{ErrorKind::transient, "pg.lock_lost",
                          "the connection that makes this process the only writer was lost"});
  });
  control_ = std::jthread([this] {
    guarded(state_, "control", [this] { control(state_.token()); });
    // In this order nothing calls into the graph once it is closed.
    board_->stop();
    capture_thread_->stop();
    ticker_.request_stop();
    lock_watch_.request_stop();
    ticker_.join();
    lock_watch_.join();
    if (state_.stopping()) {
      for (SinkBackend& sink : backends_.sinks()) sink.writer->cancel_pending();
      graph_->abandon();
    }
    graph_->close();
  });
  graph_->wait();
  control_.join();
  if (drained_ && !state_.stopping()) return Outcome{End::drained, {}, true};
  return Outcome{End::failed,
                 state_.error().value_or(Error{ErrorKind::cancelled, "run.stopped", "the run was stopped"}), true};
}

void Run::control(const std::stop_token& stop) {
  const flusso::Status done = work(stop);
  if (!done) state_.fail(done.error());
}

void Run::set_targets() {
  for (std::size_t i = 0; i < prepared_.plan.indexes.size(); ++i) {
    stages::SetTargets set;
    set.index = IndexId{static_cast<std::uint16_t>(i)};
    for (const auto& sink : prepared_.kept) {
      set.targets = set.targets | sink[i].targets;
      if (fence_passed_) set.seeding = set.seeding | sink[i].seeding;
    }
    graph_->post(set);
  }
}

bool Run::seeding() const {
  return std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.finished; });
}

Run::Mail Run::wait_for_mail(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  mailed_.wait_for(lock, stop, Millis{50}, [&] { return !mail_.empty() || draining_.load(); });
  return std::exchange(mail_, Mail{});
}

Status Run::work(const std::stop_token& stop) {
  status_.phase.store(Phase::backfilling);
  if (const Status seeds = start_seeds(stop);
      !seeds && !(draining_.load() && seeds.error().kind == ErrorKind::cancelled))
    return seeds;
  bool announced_live = false;
  while (!stop.stop_requested() && !draining_.load()) {
    FLUSSO_TRY(handle(wait_for_mail(stop), stop));
    if (const auto index = board_->rewritten()) {
      for (SinkBackend& sink : backends_.sinks())
        if (sink.admin)
          FLUSSO_TRY(sink.records->remove_seed(sink.admin->hash_alias(prepared_.plan.indexes[index->value])));
      return fail(ErrorKind::transient, "seed.rewritten",
                  fmt::format("table {} was rewritten while index {} was being seeded; its seed is planned anew",
                              to_text(prepared_.plan.indexes[index->value].schema.table),
                              prepared_.plan.indexes[index->value].name));
    }
    if (!seeding()) {
      if (!announced_live) {
        status_.phase.store(Phase::live);
        kLog.info("following live changes", kv("slot", options_.slot), kv("confirmed", status_.confirmed()));
        announced_live = true;
      }
      if (options_.backfill_only) {
        if (!backfill_target_) {
          FLUSSO_TRY_ASSIGN(backfill_target_, source_.current_wal());
          kLog.info("every index is seeded; waiting until the position at that moment is confirmed",
                    kv("position", *backfill_target_));
        }
        if (status_.confirmed() >= *backfill_target_) request_drain();
      }
    }
  }
  if (stop.stop_requested()) return {};
  return drain(stop);
}

Status Run::handle(Mail mail, const std::stop_token& stop) {
  for (const stages::Ticket ticket : mail.recorded) FLUSSO_TRY(on_recorded(ticket, stop));
  for (const auto& [seq, tables] : mail.truncated) FLUSSO_TRY(on_truncated(seq, tables));
  if (mail.durable) durable_ = mail.durable;
  const SteadyTime at = now();
  FLUSSO_TRY(claim_and_confirm(at));
  refresh_if_caught_up(at);
  stall_watch_.look(at);
  if (at - last_progress_ >= options_.seed_progress_interval) {
    last_progress_ = at;
    status_.set_seeds(board_->progress());
    for (std::size_t job = 0; job < jobs_.size(); ++job) FLUSSO_TRY(save_progress(job));
  }
  return {};
}

// ---- seeding -------------------------------------------------------------------------------------------------------

Status Run::start_seeds(const std::stop_token& stop) {
  const auto needs_seed = [&](std::size_t index) {
    return std::any_of(prepared_.kept.begin(), prepared_.kept.end(),
                       [&](const auto& sink) { return !sink[index].seeding.empty(); });
  };
  bool any = false;
  for (std::size_t i = 0; i < prepared_.plan.indexes.size(); ++i) any = any || needs_seed(i);
  if (!any) return {};
  if (options_.skip_backfill) {
    kLog.warn("some indexes are not seeded and --skip-backfill is set; they receive live changes only");
    return {};
  }
  // A transaction that is neither in the stream nor visible to a scan must have ended before the first chunk is read.
  FLUSSO_TRY(source_.await_older_transactions(prepared_.source.seed_fence_xid, intake_stop_.get_token()));
  // Only reads from here on see everything, so only they may keep a seed document out.
  fence_passed_ = true;
  set_targets();
  const std::unique_ptr<SnapshotScan> scan = backends_.scan(prepared_.plan);
  for (std::size_t i = 0; i < prepared_.plan.indexes.size(); ++i) {
    const IndexId index{static_cast<std::uint16_t>(i)};
    std::vector<SinkId> fresh;
    for (std::size_t s = 0; s < prepared_.kept.size(); ++s) {
      const KeptIndex& kept = prepared_.kept[s][i];
      if (kept.seeding.empty()) continue;
      const SinkId sink{static_cast<std::uint8_t>(s)};
      if (kept.resume)
        FLUSSO_TRY(start_seed(index, {sink}, *scan));
      else
        fresh.push_back(sink);
    }
    if (!fresh.empty()) FLUSSO_TRY(start_seed(index, fresh, *scan));
  }
  // Nothing left to read where a crash fell between the last chunk and the promotion, or a table is empty.
  for (std::size_t job = 0; job < jobs_.size(); ++job) {
    const auto progress = board_->progress()[job];
    if (progress.chunks_done == progress.chunks_total && !jobs_[job].finished) FLUSSO_TRY(finish_seed(job, stop));
  }
  status_.set_seeds(board_->progress());
  return {};
}

Status Run::start_seed(IndexId index, std::vector<SinkId> sinks, SnapshotScan& scan) {
  const IndexPlan& plan = prepared_.plan.indexes[index.value];
  ChunkPlan chunks;
  std::vector<bool> done;
  Targets targets;
  for (const SinkId sink : sinks) targets = targets | prepared_.kept[sink.value][index.value].seeding;
  const KeptIndex& first = prepared_.kept[sinks.front().value][index.value];
  if (first.resume) {
    chunks = first.resume->plan;
    done = stages::unpack_bitmap(first.resume->done, chunks.chunks.size());
  } else {
    FLUSSO_TRY_ASSIGN(chunks, scan.plan(index));
    for (const SinkId id : sinks) {
      SinkBackend& sink = backends_.sinks()[id.value];
      if (!sink.admin) continue;
      SeedRecord record;
      record.generation = *prepared_.kept[id.value][index.value].building;
      record.slot = options_.slot;
      record.system_id = prepared_.source.system_id;
      record.plan = chunks;
      record.done = stages::pack_bitmap(std::vector<bool>(chunks.chunks.size(), false));
      FLUSSO_TRY(sink.records->save_seed(sink.admin->hash_alias(plan), record));
    }
  }
  stages::Seeding seeding(index, targets, chunks, done);
  kLog.info(first.resume ? "seeding goes on" : "seeding begins", kv("index", plan.name), kv("chunks", seeding.chunks()),
            kv("done", seeding.recorded()),
            kv("rows", static_cast<std::uint64_t>(std::max(0.0, seeding.rows_total()))));
  jobs_.push_back(Job{index, std::move(sinks), chunks.filenode, false, false});
  board_->add(std::move(seeding));
  return {};
}

Status Run::on_recorded(stages::Ticket ticket, const std::stop_token& stop) {
  const SeedBoard::Recorded recorded = board_->recorded(ticket);
  jobs_[recorded.job].dirty = true;
  if (!recorded.complete) return {};
  return finish_seed(recorded.job, stop);
}

Status Run::save_progress(std::size_t number) {
  Job& job = jobs_[number];
  if (!job.dirty || job.finished || truncated_[job.index.value]) return {};
  for (const SinkId id : job.sinks) {
    SinkBackend& sink = backends_.sinks()[id.value];
    if (!sink.admin) continue;
    const KeptIndex& kept = prepared_.kept[id.value][job.index.value];
    FLUSSO_TRY(sink.records->save_seed_progress(sink.admin->hash_alias(prepared_.plan.indexes[job.index.value]),
                                                *kept.building, board_->bitmap(number)));
  }
  job.dirty = false;
  return {};
}

// Every chunk is durable: the generation takes over. Each step may be repeated after a crash.
Status Run::finish_seed(std::size_t number, const std::stop_token& stop) {
  if (truncated_[jobs_[number].index.value])
    return {};  // superseded: a newer generation has been staged for the next run
  FLUSSO_TRY(save_progress(number));
  Job& job = jobs_[number];
  const IndexPlan& plan = prepared_.plan.indexes[job.index.value];
  for (const SinkId id : job.sinks) {
    SinkBackend& sink = backends_.sinks()[id.value];
    KeptIndex& kept = prepared_.kept[id.value][job.index.value];
    if (sink.admin) {
      FLUSSO_TRY(sink.admin->promote(plan, *kept.building));
      const bool replaced = kept.serving.has_value();
      if (replaced) kept.targets = kept.seeding;
      kept.serving = std::exchange(kept.building, std::nullopt);
      kept.resume.reset();
      auto& following = prepared_.records[id.value].following;
      const std::string alias = sink.admin->hash_alias(plan);
      std::erase_if(following,
                    [&](const FollowedIndex& f) { return f.hash_alias == alias && f.generation != *kept.serving; });
    } else {
      stdout_seeded_[job.index.value] = true;
    }
    kept.seeding = Targets{};
  }
  set_targets();
  // No write may reach the old generation any more when it is deleted: a late one would create it anew.
  const std::uint64_t question = ++next_question_;
  graph_->post(stages::BarrierRequest{job.index, question});
  FLUSSO_TRY(await_answer(question, stop));
  for (const SinkId id : job.sinks) {
    SinkBackend& sink = backends_.sinks()[id.value];
    if (!sink.admin) continue;
    const KeptIndex& kept = prepared_.kept[id.value][job.index.value];
    FLUSSO_TRY(sink.admin->retire_others(plan, *kept.serving));
    FLUSSO_TRY(sink.records->save_source(prepared_.records[id.value]));
    FLUSSO_TRY(sink.records->remove_seed(sink.admin->hash_alias(plan)));
    kLog.info("index seeded", kv("index", plan.name), kv("sink", sink.name), kv("generation", *kept.serving));
  }
  job.finished = true;
  return {};
}

Status Run::await_answer(std::uint64_t id, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool answered = mailed_.wait(
      lock, stop, [&] { return std::find(mail_.answered.begin(), mail_.answered.end(), id) != mail_.answered.end(); });
  if (!answered) return fail(ErrorKind::cancelled, "run.stopped", "stopped");
  std::erase(mail_.answered, id);
  return {};
}

// TRUNCATE tells nothing about the documents that are gone: every index of the table is built anew, durably decided
// before the truncating group may be confirmed.
Status Run::on_truncated(GroupSeq seq, const std::vector<TableId>& tables) {
  for (std::size_t i = 0; i < prepared_.plan.indexes.size(); ++i) {
    const IndexPlan& plan = prepared_.plan.indexes[i];
    const bool uses = std::any_of(tables.begin(), tables.end(), [&](TableId table) {
      return std::find(plan.tables.begin(), plan.tables.end(), prepared_.plan.tables[table.value].info.table) !=
             plan.tables.end();
    });
    if (!uses) continue;
    for (SinkBackend& sink : backends_.sinks()) {
      if (!sink.admin) {
        kLog.warn("a table was truncated; stdout cannot be told which documents are gone", kv("index", plan.name));
        continue;
      }
      kLog.warn("a table was truncated; the index is built anew behind its alias", kv("index", plan.name),
                kv("sink", sink.name));
      FLUSSO_TRY(sink.records->remove_seed(sink.admin->hash_alias(plan)));
      FLUSSO_TRY(sink.admin->stage(plan));
      truncated_[i] = true;
      restart_after_ = seq;
    }
  }
  stages::KeyPage page;
  page.seq = seq;
  page.pages_of_part = 1;
  graph_->post(std::move(page));
  return {};
}

// ---- confirmation --------------------------------------------------------------------------------------------------

// A position goes to the source only after every sink has durably noted that it may have gone (design 6-i).
Status Run::claim_and_confirm(SteadyTime at) {
  if (!durable_ || at - last_claim_ < options_.claim_interval) return {};
  for (std::size_t s = 0; s < backends_.sinks().size(); ++s) {
    SinkBackend& sink = backends_.sinks()[s];
    if (!sink.records) continue;
    SourceRecord& record = prepared_.records[s];
    if (record.claimed >= durable_->lsn) continue;
    SourceRecord claim = record;
    claim.claimed = durable_->lsn;
    if (const Status saved = sink.records->save_source(claim); !saved) {
      if (saved.error().kind != ErrorKind::transient) return saved;
      kLog.warn("the confirmed position cannot be noted in the sink; nothing is confirmed meanwhile",
                kv("sink", sink.name), kv("reason", saved.error().what));
      last_claim_ = at;
      return {};
    }
    record.claimed = durable_->lsn;
  }
  last_claim_ = at;
  capture_->confirm(durable_->lsn);
  status_.set_confirmed(durable_->lsn);
  const GroupSeq confirmed_group = durable_->seq;
  durable_.reset();
  if (restart_after_ && confirmed_group >= *restart_after_) {
    return fail(ErrorKind::transient, "source.truncated",
                "a table was truncated; starting over to build its indexes anew");
  }
  return {};
}

void Run::refresh_if_caught_up(SteadyTime at) {
  if (at - last_refresh_ < options_.refresh_interval) return;
  if (status_.groups_put.load() - status_.groups_confirmed.load() >= kCaughtUpGroups) return;
  bool any = false;
  for (std::size_t s = 0; s < backends_.sinks().size(); ++s) {
    std::vector<IndexId> indexes;
    for (std::size_t i = 0; i < prepared_.plan.indexes.size(); ++i) {
      if (!prepared_.kept[s][i].seeding.empty()) continue;  // nobody searches it yet, and refreshes make seeding dear
      if (written_[s][i].exchange(false, std::memory_order_relaxed))
        indexes.push_back(IndexId{static_cast<std::uint16_t>(i)});
    }
    if (indexes.empty()) continue;
    backends_.sinks()[s].writer->refresh(indexes);
    any = true;
  }
  if (any) last_refresh_ = at;
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
  const SteadyTime deadline = now() + options_.drain_deadline;
  capture_thread_->drain();
  board_->pause();
  std::optional<std::uint64_t> question;
  while (!stop.stop_requested()) {
    Mail mail;
    bool idle = false;
    {
      std::unique_lock lock(mutex_);
      mailed_.wait_for(lock, stop, Millis{10}, [&] { return !mail_.empty(); });
      mail = std::exchange(mail_, Mail{});
    }
    idle = question && std::find(mail.answered.begin(), mail.answered.end(), *question) != mail.answered.end();
    for (const stages::Ticket ticket : mail.recorded) {
      const SeedBoard::Recorded recorded = board_->recorded(ticket);
      jobs_[recorded.job].dirty = true;
    }
    for (const auto& [seq, tables] : mail.truncated) FLUSSO_TRY(on_truncated(seq, tables));
    if (mail.durable) durable_ = mail.durable;
    const bool quiet =
        capture_thread_->drained() && board_->idle() && status_.groups_confirmed.load() == status_.groups_put.load();
    if (quiet && !question) {
      question = ++next_question_;
      graph_->post(stages::IdleRequest{*question});
    }
    if (idle && quiet) break;
    if (now() > deadline) return fail(drain_deadline());
  }
  if (stop.stop_requested()) return {};
  for (std::size_t job = 0; job < jobs_.size(); ++job) FLUSSO_TRY(save_progress(job));
  restart_after_.reset();  // the staged generation is durable: the next start goes on with it
  while (durable_) {
    last_claim_ = SteadyTime{};
    FLUSSO_TRY(claim_and_confirm(now()));
    if (!durable_) break;  // a sink that cannot note the position now is asked again
    if (now() > deadline) return fail(drain_deadline());
    if (!pause(stop, options_.claim_interval)) return {};
  }
  drained_ = true;
  return {};
}

}  // namespace flusso::pipeline
