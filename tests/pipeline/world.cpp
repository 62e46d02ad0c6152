#include "tests/pipeline/world.h"

#include <algorithm>
#include <utility>

#include "tests/pipeline/fake_schema.h"

namespace flusso::fakes {
namespace {

// Groups of the capture thread are cut at 1024 changes of at least 512 bytes each; one group may be larger than the
// account.
constexpr std::uint64_t kLargestGroup = 1024 * 512;

}  // namespace

// ---- world ----------------------------------------------------------------------------------------------------------

World::World(std::uint64_t seed, std::size_t sinks, Plain plain) : chance(seed) {
  for (std::size_t i = 0; i < sinks; ++i)
    clusters.push_back(std::make_unique<FakeCluster>(faults, chance, verdict, [this] { ring(); }));
  if (plain == Plain::yes) plain_from = sinks - 1;
  for (std::size_t i = plain_from; i < sinks; ++i)
    for (const Document which : {families, kids}) clusters[i]->create_plain(std::string(index_name(which)));
  options.build_batch = 8;
  options.page_keys = 8;
  options.id_count = 64;
  options.change_bytes = 64 * 1024;
  options.document_bytes = 192 * 1024;
  options.document_bytes_live_reserve = 64 * 1024;
  options.live_linger = Millis{1};
  options.tick = Millis{2};
  options.claim_interval = Millis{3};
  options.refresh_interval = Millis{10};
  options.old_parent_interval = Millis{5};
  options.seed_progress_interval = Millis{3};
  options.drain_deadline = Millis{15000};
  options.first_backoff = Millis{1};
  options.max_backoff = Millis{4};
  options.lock_check_interval = Millis{5};
  options.slot_look_interval = Millis{5};
  options.held_look = Millis{2};
  options.standby_look = Millis{2};
  limits.max_documents = 8;
  limits.max_bytes = 6000;
  limits.requests_in_flight = 3;
  limits.request_timeout = Millis{20000};
}

World::~World() {
  for (const auto& cluster : clusters) cluster->release();
  if (process_) process_->kill();
  process_.reset();
}

Process& World::start(const std::vector<Document>& enabled, FailurePolicy on_error) {
  process_.reset();
  enabled_ = enabled;
  process_ = std::make_unique<Process>(*this, enabled, on_error);
  return *process_;
}

bool World::running() const { return process_ != nullptr && !process_->ended(); }

void World::kill() {
  process_->kill();
  process_.reset();
}

Status World::drain() {
  process_->request_drain();
  if (!await([&] { return process_->ended(); })) {
    verdict.check(Invariant::every_run_comes_to_rest, false, "a drain does not end");
    return fail(ErrorKind::bug, "test.drain", "the drain does not end");
  }
  return process_->result();
}

void World::ring() {
  {
    const std::scoped_lock lock(mutex_);
    ++rings_;
  }
  rung_.notify_all();
}

bool World::await(const std::function<bool()>& condition, Millis at_most) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::unique_lock lock(mutex_);
    // Not everything rings: look again after a while.
    rung_.wait_for(lock, Millis{2}, [seen = rings_, this] { return rings_ != seen; });
  }
  return true;
}

bool World::at_rest() {
  if (!running() || database.slot().confirmed < database.wal_end()) return false;
  for (std::size_t s = 0; s < std::min(plain_from, clusters.size()); ++s) {
    for (const Document which : enabled_) {
      const IndexRecord record = clusters[s]->record(std::string(index_name(which)));
      if (!record.seeded || record.staged) return false;
    }
    const std::scoped_lock lock(clusters[s]->records_mutex);
    if (!clusters[s]->seeds.empty()) return false;
  }
  return process_->status.phase.load() == pipeline::Phase::live;
}

std::string World::state_of_rest() {
  std::string text = running() ? "running" : "not running";
  if (process_) {
    if (process_->ended() && !process_->result())
      text += " (" + process_->result().error().code + ": " + process_->result().error().what + ")";
    text += ", " + std::string(pipeline::to_text(process_->status.phase.load())) + ", runs " +
            std::to_string(process_->status.runs.load());
    text += ", groups " + std::to_string(process_->status.groups_confirmed.load()) + " of " +
            std::to_string(process_->status.groups_put.load());
    text += ", documents in flight " + std::to_string(process_->status.documents_in_flight.load());
  }
  text += ", slot at " + std::to_string(database.slot().confirmed.value) + " of " +
          std::to_string(database.wal_end().value);
  for (std::size_t s = 0; s < std::min(plain_from, clusters.size()); ++s) {
    for (const Document which : enabled_) {
      const IndexRecord record = clusters[s]->record(std::string(index_name(which)));
      text += ", " + std::string(index_name(which)) + " " + std::to_string(record.active.number) +
              (record.seeded ? " seeded" : "") +
              (record.staged ? " staged " + std::to_string(record.staged->number) : "");
    }
    text += ", bulks running " + std::to_string(clusters[s]->running_bulks());
  }
  return text;
}

bool World::come_to_rest() {
  const bool rests = await([&] { return at_rest() || !running(); }) && at_rest();
  verdict.check(Invariant::every_run_comes_to_rest, rests, state_of_rest());
  if (rests) compare();
  return rests;
}

void World::compare() {
  for (std::size_t s = 0; s < clusters.size(); ++s) {
    const bool plain = s >= plain_from;
    for (const Document which : enabled_) {
      const std::string alias(index_name(which));
      const Generation generation = plain ? Generation{1} : serving(which, s);
      const auto expected = database.all_documents(which);
      const auto found = clusters[s]->documents(alias, generation);
      const auto check = [&](bool holds, const std::string& key, const std::string& what) {
        if (plain && database.was_truncated(which, std::stoi(key))) return;
        if (old_rows == OldRows::silent && database.was_left_out(which, std::stoi(key))) return;
        verdict.check(Invariant::promoted_generation_equals_source, holds,
                      alias + "_" + std::to_string(generation.number) + "/" + key + " of sink " + std::to_string(s) +
                          " " + what + "; " + database.history(which, std::stoi(key)));
      };
      for (const auto& [key, text] : expected) {
        if (is_broken(text) || is_refused(text)) continue;
        const auto stored = found.find(key);
        // A sink that remembers nothing is told of changes only, when another one was seeded.
        if (plain && clusters.size() > 1 && stored == found.end()) continue;
        check(stored != found.end(), key, "is missing");
        if (stored != found.end()) check(stored->second == text, key, "is stale: " + stored->second);
      }
      for (const auto& [key, text] : found) check(expected.contains(key), key, "should be gone");
    }
  }
}

Generation World::serving(Document which, std::size_t sink) {
  return clusters[sink]->record(std::string(index_name(which))).active;
}

std::optional<std::string> World::stored(Document which, int id, std::size_t sink) {
  return clusters[sink]->document(std::string(index_name(which)), serving(which, sink), std::to_string(id));
}

void World::check_confirmed(Process& process, Lsn before, Lsn now) {
  verdict.check(Invariant::confirmed_lsn_never_decreases, now >= before && now <= database.wal_end(),
                "from " + std::to_string(before.value) + " to " + std::to_string(now.value));
  for (std::size_t s = 0; s < std::min(plain_from, clusters.size()); ++s) {
    const std::scoped_lock lock(clusters[s]->records_mutex);
    verdict.check(Invariant::no_lsn_is_confirmed_before_its_documents_are_durable,
                  clusters[s]->source && clusters[s]->source->claimed >= now,
                  std::to_string(now.value) + " was confirmed before it was claimed");
  }
  for (const auto& [which, id] : database.changed_between(before, now)) {
    if (std::find(enabled_.begin(), enabled_.end(), which) == enabled_.end()) continue;
    for (std::size_t s = 0; s < clusters.size(); ++s) check_document(process, s, which, id, before, now);
  }
}

// In every generation that is written to and not on its way out.
void World::check_document(Process& process, std::size_t sink, Document which, int id, Lsn before, Lsn confirmed) {
  const std::string alias(index_name(which));
  FakeCluster& cluster = *clusters[sink];
  for (unsigned slot = 0; slot < 2; ++slot) {
    const auto generation = process.writers[sink]->target(alias, slot);
    if (!generation || !cluster.exists(alias, *generation)) continue;
    const IndexRecord record = cluster.record(alias);
    const bool retired = sink < plain_from && record.active != *generation && record.staged != generation;
    if (retired) continue;
    const auto stored = cluster.document(alias, *generation, std::to_string(id));
    // A silent old row leads to no document that is not there yet: the seed owes it.
    const bool complete = record.seeded && record.active == *generation;
    if (old_rows == OldRows::silent && ((!stored && !complete) || database.was_left_out(which, id))) continue;
    verdict.check(Invariant::no_lsn_is_confirmed_before_its_documents_are_durable,
                  database.is_fresh(which, id, confirmed, stored, complete ? std::nullopt : std::optional(before)),
                  std::to_string(confirmed.value) + " was confirmed after " + std::to_string(before.value) + ", but " +
                      concrete_name(alias, *generation) + "/" + std::to_string(id) + " of sink " +
                      std::to_string(sink) + " holds " + stored.value_or("nothing") + "; " +
                      database.history(which, id));
  }
}

// ---- process --------------------------------------------------------------------------------------------------------

Process::Process(World& world, const std::vector<Document>& enabled, FailurePolicy on_error)
    : source{world.database, world.faults, world.chance, [&world] { world.ring(); }}, world_(world) {
  source.on_confirm = [this](Lsn before, Lsn now) { world_.check_confirmed(*this, before, now); };
  source.on_prepare = [this] { check_leases(); };
  source.chunk_rows = world.chunk_rows;
  source.system_id = world.system_id;
  source.old_rows = world.old_rows;
  for (std::size_t s = 0; s < world.clusters.size(); ++s) {
    auto share = std::make_unique<SinkShare>(*world.clusters[s], world.faults, world.chance, world.verdict);
    share->limits = world.limits;
    share->ring = [&world] { world.ring(); };
    share->on_crash = [this] { kill(); };
    share->on_cancel = [this] {
      if (!returned_) world_.database.begin_stream();  // a run failed: what it was given will be delivered again
    };
    share->document_bytes = world.options.document_bytes;
    SinkBackend backend;
    backend.name = "sink-" + std::to_string(s);
    auto writer = make_fake_bulk_writer(*share);
    writers.push_back(writer.get());
    backend.writer = std::move(writer);
    if (s < world.plain_from) {
      backend.admin = make_fake_index_admin(*share);
      backend.records = make_fake_records(*share);
      backend.tokens = make_fake_token_search(*share);
    }
    backends_.push_back(std::move(backend));
    shares.push_back(std::move(share));
  }
  supervisor_ = std::make_unique<pipeline::Supervisor>(index_plans(enabled, on_error), *this, world.options, status);
  thread_ = std::thread([this] {
    result_ = supervisor_->run();
    returned_ = true;
    for (SinkBackend& sink : backends_) {
      sink.writer->cancel_pending();
      sink.writer->wait_idle(sink.writer->limits().request_timeout + Millis{1000});
    }
    check_leases();
    check_peaks();
    if (!killed_ && !result_)
      world_.verdict.check(Invariant::no_run_ends_as_a_bug, result_.error().kind != ErrorKind::bug,
                           result_.error().code + ": " + result_.error().what);
    ended_ = true;
    world_.ring();
  });
}

Process::~Process() {
  if (!ended_) kill();
  thread_.join();
  world_.database.begin_stream();  // what it was given and did not confirm will be delivered again
  supervisor_.reset();
}

void Process::kill() {
  killed_ = true;
  source.dead = true;
  for (auto& share : shares) share->dead = true;
  for (FakeBulkWriter* writer : writers) writer->die();
  supervisor_->request_abort();
}

Status Process::hold_exclusive() {
  ++locks_taken;
  lock_lost = false;
  return world_.before_start(*this);
}

std::unique_ptr<ChangeCapture> Process::capture(const Plan& plan) {
  on_capture();
  return make_fake_capture(source, plan);
}

void Process::check_leases() {
  const auto zero = [&](const ByteBudget& budget) {
    world_.verdict.check(Invariant::leases_are_zero_after_every_run, budget.used() == 0,
                         budget.name() + " holds " + std::to_string(budget.used()) + " after a run");
  };
  zero(budgets().changes);
  zero(budgets().ids);
  zero(budgets().documents);
}

void Process::check_peaks() {
  const auto within = [&](const ByteBudget& budget, std::uint64_t most) {
    world_.verdict.check(Invariant::peak_bytes_stay_within_budget, budget.peak() <= most,
                         budget.name() + " reached " + std::to_string(budget.peak()) + " of " + std::to_string(most));
  };
  within(budgets().changes, std::max(budgets().changes.capacity(), kLargestGroup));
  within(budgets().ids, budgets().ids.capacity());
  within(budgets().documents, budgets().documents.capacity());
}

}  // namespace flusso::fakes
