#include "pipeline/seeder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/log.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kSeederLog{"run"};

}  // namespace

Seeder::Seeder(Prepared& prepared, Backends& backends, SourceAdmin& source, const Options& options, Budgets& budgets,
               LiveStatus& status, RunState& run, Graph& graph, Mailbox& mail, SeededNames& stdout_seeded)
    : prepared_(prepared),
      backends_(backends),
      source_(source),
      options_(options),
      status_(status),
      graph_(graph),
      mail_(mail),
      stdout_seeded_(stdout_seeded),
      superseded_(prepared.plan.indexes.size(), false),
      board_(prepared.plan, backends, graph, budgets, options, status, run) {}

void Seeder::set_targets() {
  for (std::size_t i = 0; i < prepared_.plan.indexes.size(); ++i) {
    stages::SetTargets set;
    set.index = IndexId{static_cast<std::uint16_t>(i)};
    for (const auto& sink : prepared_.kept) {
      set.targets = set.targets | sink[i].targets;
      // Only reads from behind the fence see everything, so only they may keep a seed document out.
      if (fence_passed_) set.seeding = set.seeding | sink[i].seeding;
    }
    graph_.post(set);
  }
}

bool Seeder::anything_due() const {
  for (const auto& sink : prepared_.kept)
    for (const KeptIndex& index : sink)
      if (!index.seeding.empty()) return true;
  return false;
}

bool Seeder::seeding() const {
  return std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.finished; });
}

// ---- beginning -----------------------------------------------------------------------------------------------------

Status Seeder::start(const std::stop_token& intake) {
  if (!anything_due()) return {};
  if (options_.skip_backfill) {
    kSeederLog.warn("some indexes are not seeded and --skip-backfill is set; they receive live changes only");
    return {};
  }
  // A transaction that is neither in the stream nor visible to a scan must have ended before the first chunk is read.
  FLUSSO_TRY(source_.await_older_transactions(prepared_.source.seed_fence_xid, intake));
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
        FLUSSO_TRY(begin(index, {sink}, *scan));
      else
        fresh.push_back(sink);
    }
    if (!fresh.empty()) FLUSSO_TRY(begin(index, std::move(fresh), *scan));
  }
  // Nothing left to read where a crash fell between the last chunk and the promotion, or a table is empty.
  for (std::size_t job = 0; job < jobs_.size(); ++job) {
    const auto progress = board_.progress()[job];
    if (progress.chunks_done == progress.chunks_total && !jobs_[job].finished) FLUSSO_TRY(finish(job));
  }
  status_.set_seeds(board_.progress());
  return {};
}

Status Seeder::begin(IndexId index, std::vector<SinkId> sinks, SnapshotScan& scan) {
  const IndexPlan& indexed = prepared_.plan.indexes[index.value];
  Targets targets;
  for (const SinkId sink : sinks) targets = targets | prepared_.kept[sink.value][index.value].seeding;
  const auto& resume = prepared_.kept[sinks.front().value][index.value].resume;
  ChunkPlan chunks;
  std::vector<bool> done;
  if (resume) {
    chunks = resume->plan;
    done = stages::unpack_bitmap(resume->done, chunks.chunks.size());
  } else {
    FLUSSO_TRY_ASSIGN(chunks, plan(index, sinks, scan));
  }
  stages::Seeding seeding(index, targets, chunks, done);
  status_.set_index(indexed.name, IndexPhase::backfilling);
  kSeederLog.info(resume ? "seeding goes on" : "seeding begins", kv("index", indexed.name),
                  kv("chunks", seeding.chunks()), kv("done", seeding.recorded()),
                  kv("rows", static_cast<std::uint64_t>(std::max(0.0, seeding.rows_total()))));
  jobs_.push_back(Job{index, std::move(sinks), false, std::nullopt, false});
  board_.add(std::move(seeding));
  return {};
}

// A new plan, noted in every sink that keeps records before the first chunk is read.
Result<ChunkPlan> Seeder::plan(IndexId index, const std::vector<SinkId>& sinks, SnapshotScan& scan) {
  FLUSSO_TRY_ASSIGN(ChunkPlan chunks, scan.plan(index));
  for (const SinkId id : sinks) {
    SinkBackend& sink = backends_.sinks()[id.value];
    if (!sink.admin) continue;
    SeedRecord record;
    record.generation = *prepared_.kept[id.value][index.value].building;
    record.slot = options_.slot;
    record.system_id = prepared_.source.system_id;
    record.plan = chunks;
    record.done = stages::pack_bitmap(std::vector<bool>(chunks.chunks.size(), false));
    FLUSSO_TRY(sink.records->save_seed(sink.admin->hash_alias(prepared_.plan.indexes[index.value]), record));
  }
  return chunks;
}

// ---- going on ------------------------------------------------------------------------------------------------------

Status Seeder::on_recorded(stages::Ticket ticket) {
  const SeedBoard::Recorded recorded = board_.recorded(ticket);
  jobs_[recorded.job].dirty = true;
  if (!recorded.complete) return {};
  return finish(recorded.job);
}

void Seeder::note_recorded(stages::Ticket ticket) { jobs_[board_.recorded(ticket).job].dirty = true; }

Status Seeder::save_progress() {
  status_.set_seeds(board_.progress());
  for (std::size_t job = 0; job < jobs_.size(); ++job) FLUSSO_TRY(save(job));
  return {};
}

Status Seeder::save(std::size_t number) {
  Job& job = jobs_[number];
  if (!job.dirty || job.barrier || superseded_[job.index.value]) return {};
  for (const SinkId id : job.sinks) {
    SinkBackend& sink = backends_.sinks()[id.value];
    if (!sink.admin) continue;
    const KeptIndex& kept = prepared_.kept[id.value][job.index.value];
    FLUSSO_TRY(sink.records->save_seed_progress(sink.admin->hash_alias(prepared_.plan.indexes[job.index.value]),
                                                *kept.building, board_.bitmap(number)));
  }
  job.dirty = false;
  return {};
}

Status Seeder::check_rewritten() {
  const auto rewritten = board_.rewritten();
  if (!rewritten) return {};
  const IndexPlan& plan = prepared_.plan.indexes[rewritten->value];
  for (SinkBackend& sink : backends_.sinks())
    if (sink.admin) FLUSSO_TRY(sink.records->remove_seed(sink.admin->hash_alias(plan)));
  return fail(ErrorKind::transient, "seed.rewritten",
              fmt::format("table {} was rewritten while index {} was being seeded; its seed is planned anew",
                          to_text(plan.schema.table), plan.name));
}

// ---- the end -------------------------------------------------------------------------------------------------------

// Every chunk is durable: the generation takes over. No write may reach the old one any more when it is deleted, a late
// one would create it anew: that is asked, and nobody waits for the answer, for a slow sink takes its time with it.
Status Seeder::finish(std::size_t number) {
  Job& job = jobs_[number];
  if (superseded_[job.index.value]) return {};
  FLUSSO_TRY(save(number));
  FLUSSO_TRY(promote(job));
  set_targets();
  job.barrier = mail_.new_question();
  graph_.post(stages::BarrierRequest{job.index, *job.barrier});
  return {};
}

Status Seeder::on_answered(std::uint64_t question) {
  const auto asked = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.barrier == question; });
  if (asked == jobs_.end()) return {};
  Job& job = *asked;
  job.finished = true;
  if (superseded_[job.index.value]) return {};  // what has been staged meanwhile removes the others when it is promoted
  FLUSSO_TRY(retire(job));
  const bool complete = std::none_of(jobs_.begin(), jobs_.end(),
                                     [&](const Job& other) { return other.index == job.index && !other.finished; });
  if (complete) status_.set_index(prepared_.plan.indexes[job.index.value].name, IndexPhase::seeded);
  return {};
}

Status Seeder::promote(const Job& job) {
  const IndexPlan& plan = prepared_.plan.indexes[job.index.value];
  for (const SinkId id : job.sinks) {
    SinkBackend& sink = backends_.sinks()[id.value];
    KeptIndex& kept = prepared_.kept[id.value][job.index.value];
    if (sink.admin) {
      FLUSSO_TRY(sink.admin->promote(plan, *kept.building));
      if (kept.serving) kept.targets = kept.seeding;  // what was serving is written to no more
      kept.serving = std::exchange(kept.building, std::nullopt);
      kept.resume.reset();
      const std::string alias = sink.admin->hash_alias(plan);
      std::erase_if(prepared_.records[id.value].following, [&](const FollowedIndex& followed) {
        return followed.hash_alias == alias && followed.generation != *kept.serving;
      });
    } else {
      stdout_seeded_.insert(plan.name);
    }
    kept.seeding = Targets{};
  }
  return {};
}

// Removing the seed's record comes last: while it is there, a next start knows that something was left undone.
Status Seeder::retire(const Job& job) {
  const IndexPlan& plan = prepared_.plan.indexes[job.index.value];
  for (const SinkId id : job.sinks) {
    SinkBackend& sink = backends_.sinks()[id.value];
    if (!sink.admin) continue;
    const Generation serving = *prepared_.kept[id.value][job.index.value].serving;
    FLUSSO_TRY(sink.admin->retire_others(plan, serving));
    FLUSSO_TRY(sink.records->save_source(prepared_.records[id.value]));
    FLUSSO_TRY(sink.records->remove_seed(sink.admin->hash_alias(plan)));
    kSeederLog.info("index seeded", kv("index", plan.name), kv("sink", sink.name), kv("generation", serving));
  }
  return {};
}

}  // namespace flusso::pipeline
