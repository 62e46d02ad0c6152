#include "tests/sim/world.h"

#include <algorithm>
#include <cstdio>

#include "model/check.h"
#include "tests/sim/trace.h"

namespace flusso::sim {

enum class World::What : std::uint8_t {
  // from outside
  time,
  commit,
  other_activity,
  rewrite,
  checkpoint,
  reindex,
  crash,
  drain,
  restart,
  // the server's doing
  make_visible,
  work,
  reply,
  // the process
  capture,
  reconnect,
  ask_fence,
  answer_fence,
  fan_out,
  resolve,
  deliver,
  build,
  pack,
  send,
  send_again,
  tick,
  feed_back,
  control,
  take_chunk,
  read_chunk,
  save_progress,
};

World::World(std::uint64_t seed, std::size_t sink_count, Weather the_weather)
    : random(seed), weather(the_weather), source(random.chance(20) ? 0xFFFFFFF0ULL : 700), sinks(sink_count) {
  ledger_limits.build_batch = static_cast<std::uint32_t>(random.between(1, 4));
  ledger_limits.builds_in_flight = static_cast<std::uint32_t>(random.between(1, 3));
  ledger_limits.in_doubt_wait = Millis{kInDoubtMs};
  ledger_limits.touched_budget = random.chance(50) ? 1000 : static_cast<std::size_t>(random.between(1, 4));
  packer_limits.max_documents = static_cast<std::uint32_t>(random.between(1, 4));
  packer_limits.max_bytes = 400;
  packer_limits.eager_requests = static_cast<std::uint32_t>(random.between(0, 2));
}

World::~World() { end_process(); }

void World::print(const Choice& choice) const {
  static constexpr const char* kNames[] = {
      "time",      "commit",    "other_activity", "rewrite",      "checkpoint",   "reindex",
      "crash",     "drain",     "restart",        "make_visible", "work",         "reply",
      "capture",   "reconnect", "ask_fence",      "answer_fence", "fan_out",      "resolve",
      "deliver",   "build",     "pack",           "send",         "send_again",   "tick",
      "feed_back", "control",   "take_chunk",     "read_chunk",   "save_progress"};
  std::fprintf(stderr, "%llu at %lld ms: %s %u %u, confirmed %s\n", static_cast<unsigned long long>(event),
               static_cast<long long>(now_ms), kNames[static_cast<std::size_t>(choice.what)], choice.a, choice.b,
               to_text(slot_confirmed).c_str());
}

// ---- the process ----------------------------------------------------------------------------------------------------

void World::create_slot() {
  source.create_slot();
  slot_confirmed = slot_checkpointed = source.slot_start();
}

void World::start() {
  std::vector<std::size_t> all;
  for (std::size_t index = 0; index < kIndexes; ++index) all.push_back(index);
  start(std::move(all));
}

void World::start(std::vector<std::size_t> enabled) {
  end_process();
  accounts_ = std::make_shared<Accounts>();
  process = std::make_unique<Process>(*this, next_process_++, std::move(enabled), accounts_);
}

void World::end_process() {
  if (!process) return;
  process.reset();
  for (SimSink& sink : sinks)
    for (Wire& wire : sink.wires) wire.replied = true;  // nobody waits any more; the server works on
  verdict.check(Invariant::leases_are_zero_after_every_run, accounts_->used() == 0,
                [&] { return std::to_string(accounts_->used()) + " units outlived the run"; });
  accounts_.reset();
}

void World::crash(Lsn* slot_falls_back_to) {
  end_process();
  if (slot_falls_back_to != nullptr) slot_confirmed = *slot_falls_back_to;
}

void World::commit(std::vector<RowChange> rows, SimSource::Visible visible) {
  source.commit(std::move(rows), visible, ++event);
}

Wire::Fate World::next_fate(std::size_t sink, const Wire& wire) {
  if (fate)
    if (const auto decided = fate(sink, wire)) return *decided;
  const auto roll = static_cast<unsigned>(random.below(100));
  unsigned border = weather.refused;
  if (roll < border) return Wire::Fate::refused;
  if (roll < (border += weather.too_large)) return wire.items > 1 ? Wire::Fate::too_large : Wire::Fate::answered;
  if (roll < (border += weather.lost_reply)) return Wire::Fate::lost_reply;
  if (roll < (border += weather.zombie)) return Wire::Fate::zombie;
  return Wire::Fate::answered;
}

void World::pass_time(std::int64_t ms) {
  for (SimSink& sink : sinks)
    for (Wire& wire : sink.wires)
      if (!wire.worked && wire.must_land_ms <= now_ms + ms) sink.work(wire, random, 0, verdict);
  now_ms += ms;
}

// ---- chance ---------------------------------------------------------------------------------------------------------

void World::add(What what, unsigned weight, std::size_t a, std::size_t b) {
  choices_.push_back(Choice{what, static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)});
  weights_.push_back(weight);
  total_weight_ += weight;
}

void World::collect_outside() {
  if (!wild_) return;
  if (source.wal().size() < 40 + event / 20) add(What::commit, 6);
  add(What::other_activity, 2);
  add(What::checkpoint, 1);
  if (random.chance(2)) add(What::rewrite, 2);
  if (random.below(1000) < weather.crash) add(What::crash, 60);
  if (!process || !process->live()) return;
  if (random.chance(1)) add(What::reconnect, 20);
  if (random.chance(2) && process->can_reindex())
    add(What::reindex, 20, random.below(sinks.size()), random.below(process->enabled().size()));
  if (random.below(1000) < 2 && !process->draining()) add(What::drain, 20);
}

void World::collect_process() {
  const auto any = [&](What what, unsigned weight, std::size_t size) {
    if (size != 0) add(what, weight, random.below(size));
  };
  const Process& p = *process;
  if (p.has_control()) add(What::control, 10);
  if (!p.live()) return;
  if (p.can_capture()) add(What::capture, 12);
  if (p.can_ask_fence()) add(What::ask_fence, 8);
  if (p.can_answer_fence()) add(What::answer_fence, 8);
  any(What::fan_out, 8, p.released.size());
  any(What::resolve, 8, p.lookups.size());
  any(What::deliver, 30, p.inbox.size());
  any(What::build, 8, p.builds.size());
  any(What::pack, 12, p.packs.size());
  any(What::send_again, 4, p.again.size());
  for (std::size_t sink = 0; sink < sinks.size(); ++sink)
    if (p.can_send(sink)) add(What::send, 8, sink);
  if (p.can_feed_back()) add(What::feed_back, 4);
  if (p.can_take_chunk()) add(What::take_chunk, 4);
  for (std::size_t i = 0; i < p.chunk_jobs.size(); ++i)
    if (p.chunk_jobs[i].may_start) add(What::read_chunk, 4, i);
  if (p.can_save_progress()) add(What::save_progress, 2);
  add(What::tick, 3);
}

void World::collect() {
  choices_.clear();
  weights_.clear();
  total_weight_ = 0;
  add(What::time, 3);
  collect_outside();
  if (!process) {
    add(What::restart, 10);
  } else {
    collect_process();
  }
  if (!hidden && !source.invisible().empty())
    add(What::make_visible, 6, source.invisible()[random.below(source.invisible().size())]);
  for (std::size_t sink = 0; sink < sinks.size(); ++sink) {
    for (std::size_t i = 0; i < sinks[sink].wires.size(); ++i) {
      const Wire& wire = sinks[sink].wires[i];
      const bool zombie = wire.fate == Wire::Fate::zombie;
      const bool refused = wire.fate == Wire::Fate::refused || wire.fate == Wire::Fate::too_large;
      if (!wire.worked && !wire.held) add(What::work, zombie || wire.replied ? 1 : 6, sink, i);
      if (!wire.replied && (wire.worked || zombie || refused)) add(What::reply, 6, sink, i);
    }
  }
}

void World::perform(const Choice& choice) {
  switch (choice.what) {
    case What::time:
      return pass_time(random.between(1, 30));
    case What::commit: {
      auto rows = source.random_changes(random);
      if (rows.empty()) return;
      trace([&] { return describe(rows); });
      source.commit(std::move(rows),
                    random.chance(weather.late_visibility) ? SimSource::Visible::later : SimSource::Visible::now,
                    event);
      return;
    }
    case What::other_activity:
      return source.other_activity(5);
    case What::rewrite:
      return source.rewrite(random);
    case What::checkpoint:
      slot_checkpointed = slot_confirmed;
      return;
    case What::reindex:
      return process->reindex(choice.a, choice.b);
    case What::crash:
      return crash(random.chance(15) ? &slot_checkpointed : nullptr);
    case What::drain:
      return process->begin_drain();
    case What::restart:
      if (wild_ && random.chance(10))
        return start({random.below(kIndexes)});  // the other index is disabled for this run
      return start();
    case What::make_visible:
      return source.make_visible(choice.a, event);
    case What::work:
      return sinks[choice.a].work(sinks[choice.a].wires[choice.b], random, weather.item_busy, verdict);
    case What::reply:
      return process->take_reply(choice.a, sinks[choice.a].wires[choice.b]);
    case What::capture:
      return process->capture();
    case What::reconnect:
      return process->reconnect();
    case What::ask_fence:
      return process->ask_fence();
    case What::answer_fence:
      return process->answer_fence();
    case What::fan_out:
      return process->fan_out(choice.a);
    case What::resolve:
      return process->resolve(choice.a);
    case What::deliver:
      return process->deliver(choice.a);
    case What::build:
      return process->build(choice.a);
    case What::pack:
      return process->pack(choice.a);
    case What::send:
      return process->send(choice.a);
    case What::send_again:
      return process->send_again(choice.a);
    case What::tick:
      return process->tick();
    case What::feed_back:
      return process->feed_back();
    case What::control:
      return process->control();
    case What::take_chunk:
      return process->take_chunk();
    case What::read_chunk:
      return process->read_chunk(choice.a);
    case What::save_progress:
      return process->save_progress();
  }
}

bool World::step() {
  ++event;
  collect();
  std::size_t roll = random.below(total_weight_);
  std::size_t chosen = 0;
  while (roll >= weights_[chosen]) roll -= weights_[chosen++];
  if (tracing()) print(choices_[chosen]);
  const bool only_time = choices_.size() == 1;
  perform(choices_[chosen]);
  for (SimSink& sink : sinks) sink.forget_finished();
  if (process && (process->drained() || process->failed())) end_process();
  return !only_time;
}

void World::run_history(int events) {
  const int rows = random.between(0, 12);
  for (int i = 0; i < rows; ++i)
    source.commit(source.random_changes(random),
                  random.chance(20) ? SimSource::Visible::later : SimSource::Visible::now, ++event);
  create_slot();
  start();
  wild_ = true;
  for (int i = 0; i < events && verdict.broken() == 0; ++i) step();
  wild_ = false;
}

void World::run_until(const std::function<bool()>& condition, const std::string& what) {
  for (int i = 0; i < 40000 && verdict.broken() == 0 && !condition(); ++i) step();
  if (verdict.broken() != 0) return;
  verdict.check(Invariant::every_run_comes_to_rest, condition(),
                [&] { return what + " never happened: " + (process ? process->describe() : "no process"); });
}

void World::expect_throughout(int events, const std::function<bool()>& condition, const std::string& what) {
  for (int i = 0; i < events && verdict.broken() == 0; ++i) {
    verdict.check(Invariant::every_run_comes_to_rest, condition(), [&] { return what; });
    step();
  }
}

void World::come_to_rest() {
  weather = Weather::calm();
  fate = nullptr;
  hidden = false;
  release_wires();
  if (process && process->enabled().size() != kIndexes) crash();
  const auto rest = [&] {
    return process && process->at_rest() && source.all_visible() && slot_confirmed == source.wal_end();
  };
  run_until(rest, "rest");
  if (verdict.broken() != 0) return;
  verdict.check(Invariant::leases_are_zero_after_every_run, accounts_->used() == 0,
                [&] { return std::to_string(accounts_->used()) + " units are held at rest"; });
  for (std::size_t sink = 0; sink < sinks.size(); ++sink) {
    for (std::size_t index = 0; index < kIndexes; ++index) {
      const IndexMeta& meta = sinks[sink].meta[index];
      const std::string name = "index " + std::to_string(index) + " in sink " + std::to_string(sink);
      verdict.check(Invariant::promoted_generation_equals_source,
                    meta.seeded && meta.alias == meta.active && sinks[sink].generations[index].size() == 1,
                    [&] { return name + " is not promoted"; });
      for (int key = 1; key <= 9; ++key) {
        const auto content = source.document(index, key);
        if (content && (is_broken(*content) || is_refused(*content))) continue;
        const std::string found = stored(sink, index, std::to_string(key));
        verdict.check(Invariant::a_failed_run_resumes_without_loss, found == content.value_or(""), [&] {
          return name + " document " + std::to_string(key) + " is " + found + " and should be " +
                 content.value_or("nothing");
        });
      }
    }
  }
  source.other_activity(50);
  run_until(rest, "the confirmation of an idle position");
  verdict.check(Invariant::an_idle_database_still_advances_the_slot, slot_confirmed == source.wal_end(),
                [&] { return "confirmed " + to_text(slot_confirmed) + " of " + to_text(source.wal_end()); });
}

// ---- what is stored -------------------------------------------------------------------------------------------------

std::string World::stored(std::size_t sink, std::size_t index, const std::string& key) const {
  const auto generation = sinks[sink].generations[index].find(sinks[sink].meta[index].alias);
  if (generation == sinks[sink].generations[index].end()) return "";
  const auto found = generation->second.documents.find(key);
  return found == generation->second.documents.end() ? "" : found->second.content.value_or("");
}

Wire* World::wire(std::size_t sink, const std::function<bool(const Wire&)>& which) {
  for (Wire& wire : sinks[sink].wires)
    if (which(wire)) return &wire;
  return nullptr;
}

void World::release_wires() {
  hold = nullptr;
  for (SimSink& sink : sinks)
    for (Wire& held : sink.wires) held.held = false;
}

void World::check_generations(Lsn confirmed) {
  if (!process) return;
  for (const Transaction& transaction : source.wal())
    if (transaction.in_stream && transaction.end <= confirmed)
      verdict.check(Invariant::no_lsn_is_confirmed_before_its_documents_are_durable, transaction.visible_at != kNever,
                    [&] { return "confirmed " + to_text(confirmed) + " past a transaction that is not visible"; });
  for (std::size_t sink = 0; sink < sinks.size(); ++sink) {
    for (const std::size_t index : process->enabled()) {
      const IndexMeta& meta = sinks[sink].meta[index];
      if (meta.seeded) check_generation(sink, index, meta.active, confirmed);
    }
  }
}

void World::check_generation(std::size_t sink, std::size_t index, int number, Lsn confirmed) {
  const StoredGeneration& generation = sinks[sink].generations[index].at(number);
  if (generation.suspect) return;
  for (const auto& [key, facts] : source.facts(index)) {
    const std::uint64_t needed = source.needed(index, key, confirmed);
    if (needed == 0) continue;
    const auto found = generation.documents.find(std::to_string(key));
    bool holds = found != generation.documents.end() && found->second.read_at >= needed;
    if (!holds) {
      const auto content = found == generation.documents.end() ? std::nullopt : found->second.content;
      holds = source.held_since(index, key, needed, content) || source.spoilt_since(index, key, needed);
      // A row that moved between two chunk reads, or away from the parent by which it was looked up: its own change is
      // still in the stream and repairs the document, after a crash as well.
      holds = holds || source.changes_after(index, key, confirmed);
    }
    verdict.check(Invariant::no_lsn_is_confirmed_before_its_documents_are_durable, holds, [&] {
      return "with " + to_text(confirmed) + " confirmed, document " + std::to_string(key) + " of index " +
             std::to_string(index) + " generation " + std::to_string(number) + " in sink " + std::to_string(sink) +
             " needs a read since event " + std::to_string(needed) + " and has " +
             (found == generation.documents.end() ? std::string("none")
                                                  : "one of " + std::to_string(found->second.read_at)) +
             " at event " + std::to_string(event);
    });
  }
}

}  // namespace flusso::sim
