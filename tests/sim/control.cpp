// The control side of a run: start fence, preparation, seeding, promotion, drain. A script of small steps; the process
// may die between any two of them, and what a step made durable is all that the next start knows.
#include <algorithm>

#include "model/check.h"
#include "tests/sim/process.h"
#include "tests/sim/world.h"

namespace flusso::sim {
namespace {

constexpr std::size_t kScanLanes = 2;

SinkId sink_id(std::size_t sink) { return SinkId{static_cast<std::uint8_t>(sink)}; }
IndexId index_id(std::size_t index) { return IndexId{static_cast<std::uint16_t>(index)}; }

}  // namespace

void Process::control() {
  Step step = std::move(script_.front());
  script_.pop_front();
  if (!step()) script_.push_front(std::move(step));
}

// ---- start ----------------------------------------------------------------------------------------------------------

void Process::script_start() {
  for (std::size_t sink = 0; sink < world_.sinks.size(); ++sink) {
    script_.push_back([this, sink] { return world_.sinks[sink].running_bulks() == 0; });  // the start fence
    for (std::size_t index = 0; index < global_.size(); ++index)
      script_.push_back([this, sink, index] { return prepare_index(sink, index), true; });
  }
  for (std::size_t sink = 0; sink < world_.sinks.size(); ++sink)
    script_.push_back([this, sink] { return save_source(sink), true; });
  script_.push_back([this] { return go_live(), true; });
  // The seed fence: a transaction that is neither in the stream nor visible yet must have become visible. Until then
  // live reads may lack it as well, so none of them may keep a seed document out: the ledger learns of the seed only
  // now.
  script_.push_back([this] {
    if (world_.source.snapshot().xmin < seed_fence_xid_) return false;
    seed_fence_passed_ = true;
    for (std::size_t index = 0; index < global_.size(); ++index) set_targets(index);
    return true;
  });
  script_.push_back([this] { return plan_seeds(), true; });
}

void Process::prepare_index(std::size_t sink_number, std::size_t index) {
  SimSink& sink = world_.sinks[sink_number];
  const std::size_t name = global_[index];
  IndexMeta& meta = sink.meta[name];
  Kept& kept = kept_[sink_number][index];
  const auto followed = [&](int generation) { return sink.has_record && sink.following.contains({name, generation}); };
  const auto go_on = [&](int generation) {
    // Not followed by the last run: its documents may have missed changes.
    if (!followed(generation)) return build_anew(sink_number, index);
    kept.building = generation;
    kept.building_slot = kept.serving ? 1 : 0;
    if (meta.seed && meta.seed->generation == generation) kept.resume = meta.seed;
  };
  if (meta.seeded) {
    kept.serving = meta.active;
    if (!followed(meta.active)) {
      sink.generations[name].at(meta.active).suspect = true;
      build_anew(sink_number, index);
    } else if (meta.staged) {
      go_on(*meta.staged);
    } else {
      sink.retire_others(name, meta.active);  // a crash fell between promote and retire
    }
  } else if (meta.staged) {
    go_on(*meta.staged);
  } else {
    build_anew(sink_number, index);
  }
  if (kept.serving) kept.slots[kept.serving_slot] = *kept.serving;
  if (kept.building) kept.slots[kept.building_slot] = *kept.building;
}

void Process::build_anew(std::size_t sink, std::size_t index) {
  world_.sinks[sink].meta[global_[index]].seed.reset();
  script_.push_front([this, sink, index] {
    Kept& kept = kept_[sink][index];
    kept.building = world_.sinks[sink].stage(global_[index]);
    kept.building_slot = kept.serving ? 1 - kept.serving_slot : 0;
    kept.slots[kept.building_slot] = *kept.building;
    kept.resume.reset();
    return true;
  });
}

// Durable before the first write: a generation that is not listed here has not been followed.
void Process::save_source(std::size_t sink_number) {
  SimSink& sink = world_.sinks[sink_number];
  sink.has_record = true;
  sink.following.clear();
  for (std::size_t index = 0; index < global_.size(); ++index) {
    const Kept& kept = kept_[sink_number][index];
    if (kept.serving) sink.following.emplace(global_[index], *kept.serving);
    if (kept.building) sink.following.emplace(global_[index], *kept.building);
  }
}

void Process::go_live() {
  ledger_ = std::make_unique<stages::Ledger>(global_.size(), world_.ledger_limits);
  confirm_ = std::make_unique<stages::Confirm>(world_.slot_confirmed);
  assemble_.emplace(world_.slot_confirmed, stages::AssembleLimits{4, 1 << 16, Millis{20}});
  const auto render = [](const BulkItem& item, unsigned slot, std::string& lines) {
    lines += std::to_string(slot) + " " + std::string(item.key) + "\n";
  };
  for (std::size_t sink = 0; sink < world_.sinks.size(); ++sink)
    packers_.push_back(std::make_unique<stages::Packer>(sink_id(sink), world_.packer_limits, render));
  live_ = true;
  seed_fence_xid_ = world_.source.next_xid();
  delivered_ = world_.slot_confirmed;
  reconnect();
  for (std::size_t index = 0; index < global_.size(); ++index) set_targets(index);
}

Targets Process::targets_of(std::size_t index, bool seeding_only) const {
  Targets targets;
  for (std::size_t sink = 0; sink < kept_.size(); ++sink) {
    const Kept& kept = kept_[sink][index];
    if (kept.serving && !seeding_only) targets = targets | Targets::of(sink_id(sink), kept.serving_slot);
    if (kept.building) targets = targets | Targets::of(sink_id(sink), kept.building_slot);
  }
  return targets;
}

void Process::set_targets(std::size_t index) {
  const Targets seeding = seed_fence_passed_ ? targets_of(index, true) : Targets{};
  ledger(stages::SetTargets{index_id(index), targets_of(index, false), seeding});
}

// ---- seeding --------------------------------------------------------------------------------------------------------

void Process::plan_seeds() {
  for (std::size_t index = 0; index < global_.size(); ++index) {
    std::vector<std::size_t> fresh;
    for (std::size_t sink = 0; sink < kept_.size(); ++sink) {
      const Kept& kept = kept_[sink][index];
      if (!kept.building) continue;
      if (!kept.resume) {
        fresh.push_back(sink);
        continue;
      }
      script_.push_back([this, index, sink] {
        const SeedMeta& resume = *kept_[sink][index].resume;
        add_job(index, {sink}, resume.plan, stages::unpack_bitmap(resume.done, resume.plan.chunks.size()));
        return true;
      });
    }
    if (!fresh.empty()) seed_fresh(index, std::move(fresh));
  }
}

void Process::seed_fresh(std::size_t index, std::vector<std::size_t> sinks) {
  const auto chunks = std::make_shared<ChunkPlan>();
  script_.push_back([this, index, chunks] {
    *chunks = world_.source.plan_chunks(global_[index], world_.random);
    return true;
  });
  for (const std::size_t sink : sinks) {
    script_.push_back([this, index, sink, chunks] {
      world_.sinks[sink].meta[global_[index]].seed = SeedMeta{
          *kept_[sink][index].building, *chunks, stages::pack_bitmap(std::vector<bool>(chunks->chunks.size(), false))};
      return true;
    });
  }
  script_.push_back([this, index, sinks, chunks] { return add_job(index, sinks, *chunks, {}), true; });
}

void Process::add_job(std::size_t index, std::vector<std::size_t> sinks, ChunkPlan chunks, std::vector<bool> done) {
  Targets targets;
  for (const std::size_t sink : sinks) targets = targets | Targets::of(sink_id(sink), kept_[sink][index].building_slot);
  Job job;
  job.seeding = std::make_unique<stages::Seeding>(index_id(index), targets, std::move(chunks), std::move(done));
  job.sinks = std::move(sinks);
  job.index = index;
  jobs_.push_back(std::move(job));
  if (jobs_.back().seeding->complete()) script_finish(jobs_.size() - 1);
}

bool Process::can_take_chunk() const {
  if (draining_ || chunk_jobs.size() >= kScanLanes) return false;
  return std::any_of(jobs_.begin(), jobs_.end(),
                     [](const Job& job) { return job.seeding->recorded() + job.taken < job.seeding->chunks(); });
}

void Process::take_chunk() {
  for (std::size_t number = 0; number < jobs_.size(); ++number) {
    Job& job = jobs_[number];
    const auto chunk = job.seeding->take();
    if (!chunk) continue;
    ++job.taken;
    const stages::Ticket ticket{next_ticket_++};
    chunk_jobs.push_back(ChunkJob{ticket, number, *chunk, false});
    inbox.emplace_back(stages::ChunkStart{ticket, job.seeding->index()});
    return;
  }
}

void Process::read_chunk(std::size_t i) {
  const ChunkJob lane = chunk_jobs[i];
  chunk_jobs.erase(chunk_jobs.begin() + static_cast<std::ptrdiff_t>(i));
  Job& job = jobs_[lane.job];
  const Chunk& chunk = job.seeding->chunk(lane.chunk);
  const std::size_t index = global_[job.index];
  for (const Transaction& transaction : world_.source.wal())
    if (!transaction.in_stream)
      world_.verdict.check(Invariant::no_read_before_visible, transaction.visible_at != kNever, [&] {
        return "a chunk was read while transaction " + std::to_string(transaction.xid) + " was in flight";
      });
  if (chunk.kind == Chunk::Kind::ctid && job.seeding->filenode() != world_.source.filenode()) {
    inbox.emplace_back(stages::ChunkEnd{lane.ticket, 0, false});
    on_rewritten(lane.job);
    return;
  }
  const bool fails = world_.random.chance(world_.weather.chunk_failure);
  std::uint32_t batches = 0;
  std::vector<Document> documents;
  const auto emit = [&] {
    if (documents.empty()) return;
    inbox.emplace_back(
        stages::SeedDocs{lane.ticket, batch_of(job.seeding->index(), documents, Origin{world_.event, true})});
    ++batches;
    documents.clear();
  };
  for (const int key : world_.source.scan(index, chunk)) {
    if (fails && world_.random.chance(30)) break;
    auto content = world_.source.document(index, key);
    if (is_broken(*content)) continue;
    documents.push_back(Document{std::to_string(key), std::move(content), job.seeding->targets()});
    if (documents.size() == 3 || world_.random.chance(30)) emit();
  }
  emit();
  inbox.emplace_back(stages::ChunkEnd{lane.ticket, batches, !fails});
  if (fails) {
    --job.taken;
    job.seeding->give_back(lane.chunk);
  } else {
    tickets_.emplace(lane.ticket.value, std::pair(lane.job, lane.chunk));
  }
}

// Rows moved without row changes: the plan is worth nothing, and with it the chunk ledger.
void Process::on_rewritten(std::size_t number) {
  script_.push_front([this, number] {
    const Job& job = jobs_[number];
    for (const std::size_t sink : job.sinks) world_.sinks[sink].meta[global_[job.index]].seed.reset();
    failed_ = true;
    return true;
  });
}

void Process::on_recorded(stages::Ticket ticket) {
  const auto [number, chunk] = tickets_.extract(ticket.value).mapped();
  Job& job = jobs_[number];
  job.seeding->record(chunk);
  --job.taken;
  job.dirty = true;
  if (job.seeding->complete()) script_finish(number);
}

bool Process::seeding_all_read() const {
  const bool read = std::all_of(jobs_.begin(), jobs_.end(), [](const Job& job) {
    return job.finished || job.seeding->recorded() + job.taken == job.seeding->chunks();
  });
  const bool unfinished = std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.finished; });
  return unfinished && read && chunk_jobs.empty() && inbox.empty() && packs.empty();
}

bool Process::seeding_all_recorded() const {
  return !jobs_.empty() && !jobs_.back().finished && jobs_.back().seeding->complete();
}

bool Process::can_save_progress() const {
  return std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.dirty && !job.finished; });
}

void Process::save_progress() {
  for (Job& job : jobs_)
    if (job.dirty && !job.finished) write_progress(job);
}

void Process::write_progress(Job& job) {
  for (const std::size_t sink : job.sinks) {
    auto& seed = world_.sinks[sink].meta[global_[job.index]].seed;
    if (seed) seed->done = stages::pack_bitmap(job.seeding->done());
  }
  job.dirty = false;
}

// Every chunk is durable: the generation takes over. A crash may fall between any two steps.
void Process::script_finish(std::size_t number) {
  const std::size_t index = jobs_[number].index;
  const std::size_t name = global_[index];
  const std::vector<std::size_t> sinks = jobs_[number].sinks;
  std::vector<Step> steps;
  steps.push_back([this, number] { return write_progress(jobs_[number]), true; });
  for (const std::size_t sink : sinks) {
    steps.push_back([this, sink, index, name] {
      world_.sinks[sink].promote_alias(name, *kept_[sink][index].building);
      return true;
    });
    steps.push_back([this, sink, index, name] {
      Kept& kept = kept_[sink][index];
      world_.sinks[sink].mark_seeded(name, *kept.building);
      kept.serving = std::exchange(kept.building, std::nullopt);
      kept.serving_slot = kept.building_slot;
      world_.check_generation(sink, name, *kept.serving, world_.slot_confirmed);
      return true;
    });
  }
  const std::uint64_t question = ++next_question_;
  steps.push_back([this, index, question] {
    set_targets(index);
    ledger(stages::BarrierRequest{index_id(index), question});
    return true;
  });
  steps.push_back([this, question] { return answered_.erase(question) != 0; });
  for (const std::size_t sink : sinks) {
    steps.push_back([this, sink, index, name] {
      return world_.sinks[sink].retire_others(name, *kept_[sink][index].serving), true;
    });
    steps.push_back([this, sink] { return save_source(sink), true; });
    steps.push_back([this, sink, name] { return world_.sinks[sink].meta[name].seed.reset(), true; });
  }
  steps.push_back([this, number] { return jobs_[number].finished = true; });
  for (Step& step : steps) script_.push_back(std::move(step));
}

bool Process::can_reindex() const { return live_ && !draining_ && script_.empty(); }

// A new generation beside the serving one, while live changes flow.
void Process::reindex(std::size_t sink, std::size_t index) {
  const Kept& kept = kept_[sink][index];
  if (!kept.serving || kept.building || world_.sinks[sink].generations[global_[index]].size() != 1) return;
  build_anew(sink, index);
  script_.push_back([this, sink] { return save_source(sink), true; });
  script_.push_back([this, index] { return set_targets(index), true; });
  seed_fresh(index, {sink});
}

// ---- the end --------------------------------------------------------------------------------------------------------

bool Process::quiet() const {
  return fence_.empty() && !fence_answer_ && released.empty() && lookups.empty() && chunk_jobs.empty() &&
         !waiting_for_memory_ && next_settled_ == put_ && inbox.empty() &&
         !(assemble_->deadline() && !assemble_->in_transaction());
}

void Process::begin_drain() {
  draining_ = true;
  const std::uint64_t question = ++next_question_;
  script_.push_back([this, question] {
    if (!quiet()) return false;
    ledger(stages::IdleRequest{question});
    return true;
  });
  script_.push_back([this, question] { return answered_.erase(question) != 0; });
  script_.push_back([this] {
    save_progress();
    if (durable_) feed_back();
    world_.verdict.check(Invariant::drain_confirms_everything_it_sent, !put_lsn_ || world_.slot_confirmed >= *put_lsn_,
                         [&] {
                           return "drained with " + to_text(world_.slot_confirmed) + " confirmed of " +
                                  to_text(put_lsn_.value_or(Lsn{}));
                         });
    world_.verdict.check(Invariant::drain_confirms_everything_it_sent, sent_.empty() && ledger_->documents() == 0,
                         [&] { return "drained with documents in flight: " + describe(); });
    return drained_ = true;
  });
}

bool Process::at_rest() const {
  if (!live_ || !script_.empty() || !quiet() || durable_ || !order_.empty() || !builds.empty() || !packs.empty() ||
      !again.empty() || !sent_.empty())
    return false;
  if (ledger_->documents() != 0 || ledger_->groups() != 0) return false;
  if (next_transaction_ < world_.source.wal().size() || delivered_ < world_.source.wal_end()) return false;
  for (const auto& queue : requests_)
    if (!queue.empty()) return false;
  return std::all_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.finished; });
}

}  // namespace flusso::sim
