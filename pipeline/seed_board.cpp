#include "pipeline/seed_board.h"

#include <utility>

#include "model/log.h"
#include "model/thread_name.h"
#include "pipeline/build_failures.h"
#include "pipeline/guarded.h"
#include "pipeline/loss_report.h"
#include "pipeline/pause.h"
#include "pipeline/read_lane.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kSeedLog{"seed"};

}  // namespace

SeedBoard::SeedBoard(const Plan& plan, Backends& backends, Graph& graph, Budgets& budgets, const Options& options,
                     LiveStatus& status, RunState& run)
    : plan_(plan),
      backends_(backends),
      graph_(graph),
      budgets_(budgets),
      options_(options),
      status_(status),
      run_(run) {}

void SeedBoard::stop() {
  std::vector<std::jthread> lanes;
  {
    const std::scoped_lock lock(mutex_);
    paused_ = true;
    lanes.swap(lanes_);
  }
  for (std::jthread& thread : lanes) thread.request_stop();
  changed_.notify_all();
}

std::size_t SeedBoard::add(stages::Seeding seeding) {
  const std::scoped_lock lock(mutex_);
  resumed_.push_back(seeding.recorded() != 0);
  jobs_.push_back(std::make_unique<stages::Seeding>(std::move(seeding)));
  while (!paused_ && lanes_.size() < options_.workers)
    lanes_.emplace_back([this](const std::stop_token& stop) {
      name_this_thread("scan lane");
      guarded(run_, "scan", [&] { lane(stop); });
    });
  changed_.notify_all();
  return jobs_.size() - 1;
}

void SeedBoard::may_start(stages::Ticket ticket) {
  {
    const std::scoped_lock lock(mutex_);
    started_.insert(ticket.value);
  }
  changed_.notify_all();
}

SeedBoard::Recorded SeedBoard::recorded(stages::Ticket ticket) {
  const std::scoped_lock lock(mutex_);
  const auto found = tickets_.find(ticket.value);
  const Taken taken = found->second;
  tickets_.erase(found);
  stages::Seeding& job = *jobs_[taken.job];
  job.record(taken.chunk);
  return Recorded{taken.job, job.complete()};
}

std::string SeedBoard::bitmap(std::size_t job) const {
  const std::scoped_lock lock(mutex_);
  return stages::pack_bitmap(jobs_[job]->done());
}

std::vector<SeedProgress> SeedBoard::progress() const {
  const std::scoped_lock lock(mutex_);
  std::vector<SeedProgress> result;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    const stages::Seeding& job = *jobs_[i];
    result.push_back(SeedProgress{plan_.indexes[job.index().value].name, job.rows_total(), job.rows_recorded(),
                                  job.chunks(), job.recorded(), resumed_[i]});
  }
  return result;
}

void SeedBoard::pause() {
  const std::scoped_lock lock(mutex_);
  paused_ = true;
}

bool SeedBoard::idle() const {
  const std::scoped_lock lock(mutex_);
  return busy_ == 0;
}

std::optional<IndexId> SeedBoard::rewritten() const {
  const std::scoped_lock lock(mutex_);
  return rewritten_;
}

void SeedBoard::lane(const std::stop_token& stop) {
  std::unique_ptr<SnapshotScan> scan = backends_.scan(plan_);
  while (!stop.stop_requested()) {
    std::optional<Taken> taken;
    {
      std::unique_lock lock(mutex_);
      const bool got = changed_.wait(lock, stop, [&] {
        if (paused_ || taken) return taken.has_value();
        for (std::size_t i = 0; i < jobs_.size() && !taken; ++i)
          if (const auto chunk = jobs_[i]->take()) taken = Taken{i, *chunk};
        return taken.has_value();
      });
      if (!got) return;
      ++busy_;
    }
    const bool read = read_one(*scan, *taken, stop);
    {
      const std::scoped_lock lock(mutex_);
      --busy_;
      if (!read) jobs_[taken->job]->give_back(taken->chunk);
    }
    changed_.notify_all();
  }
}

bool SeedBoard::read_one(SnapshotScan& scan, const Taken& taken, const std::stop_token& stop) {
  ReadAttempts attempts("seeding", run_);
  while (!stop.stop_requested()) {
    stages::Ticket ticket;
    const stages::Seeding* job = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      ticket = stages::Ticket{next_ticket_++};
      tickets_.emplace(ticket.value, taken);
      job = jobs_[taken.job].get();
    }
    graph_.post(stages::ChunkStart{ticket, job->index()});
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return started_.contains(ticket.value); })) return false;
      started_.erase(ticket.value);
    }
    std::uint32_t batches = 0;
    std::uint64_t documents = 0;
    const auto emit = [&](DocBatch batch) {
      report_losses(batch, plan_, status_);
      leave_out_failures(batch, plan_, status_, run_);
      if (batch.rows.empty()) return;
      ++batches;
      documents += batch.rows.size();
      status_.bytes_seeded += batch.slab->bytes.size();
      graph_.post(stages::SeedDocs{ticket, std::move(batch)});
    };
    Intake::Limits limits;
    limits.urgency = Urgency::seed;
    limits.patience = options_.seed_patience;
    limits.documents = &budgets_.seed_documents;
    Intake intake(job->index(), budgets_.documents, limits, emit, stop);
    const flusso::Status done =
        scan.read(job->index(), job->chunk(taken.chunk), job->filenode(), job->targets(), intake, stop);
    graph_.post(stages::ChunkEnd{ticket, batches, done.has_value()});
    status_.documents_built += documents;
    status_.documents_seeded += documents;
    if (done) return true;
    {
      const std::scoped_lock lock(mutex_);
      tickets_.erase(ticket.value);
    }
    if (done.error().code == "pg.rewritten") {
      const std::scoped_lock lock(mutex_);
      rewritten_ = job->index();
      return false;
    }
    if (done.error().code == "intake.stalled") {
      kSeedLog.info("a chunk waits for the sink and is read again later",
                    kv("index", plan_.indexes[job->index().value].name));
      if (!pipeline::pause(stop, Millis{1000})) return false;
      continue;
    }
    if (!attempts.again(done.error(), stop)) return false;
  }
  return false;
}

}  // namespace flusso::pipeline
