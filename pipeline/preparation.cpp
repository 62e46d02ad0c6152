#include "pipeline/preparation.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "model/log.h"
#include "pipeline/history.h"
#include "pipeline/pause.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kStartLog{"start"};

Error stopped() { return Error{ErrorKind::cancelled, "run.stopped", "stopped while starting"}; }

// Every change since the generation was begun has reached it; nothing when that is not known.
const FollowedIndex* find_followed(const History& history, const std::string& alias, Generation generation,
                                   const std::string& uuid) {
  if (!history.record || history.gap) return nullptr;
  for (const FollowedIndex& followed : history.record->following)
    if (followed.hash_alias == alias && followed.generation == generation && !followed.paused &&
        (followed.uuid.empty() || uuid.empty() || followed.uuid == uuid))
      return &followed;
  return nullptr;
}

// Its documents carry every token that this plan asks for: a replica identity has not become narrower meanwhile.
bool carries_tokens(const FollowedIndex& followed, const IndexPlan& index) {
  const std::vector<std::string> wanted = traced_tables(index);
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& table) {
    return std::find(followed.traced.begin(), followed.traced.end(), table) != followed.traced.end();
  });
}

// Decides for one index in one OpenSearch sink.
class Keeper {
 public:
  Keeper(SinkBackend& sink, SinkId id, const SourceState& source, const History& history, const Options& options)
      : sink_(sink), id_(id), source_(source), history_(history), options_(options) {}

  // `debt`: why the index may lack something although it was followed.
  Result<KeptIndex> keep(const IndexPlan& index, std::optional<std::string> debt) {
    debt_ = std::move(debt);
    IndexAdmin& admin = *sink_.admin;
    const std::string alias = admin.hash_alias(index);
    FLUSSO_TRY_ASSIGN(IndexState state, admin.state(index));
    KeptIndex kept;
    untrusted_ = false;

    if (state.seeded) {
      FLUSSO_TRY_ASSIGN(const bool there, admin.exists(index, state.active));
      if (there) {
        kept.serving = state.active;
        if (!index.traced.empty()) FLUSSO_TRY(admin.accept_tokens(index, state.active));
      } else {
        kStartLog.warn("a complete index is gone from the sink and is built anew", kv("sink", sink_.name),
                       kv("index", index.name));
        state.staged.reset();
      }
      if (const auto doubt = there ? why_untrusted(index, alias, state) : std::nullopt) {
        const std::string& why = *doubt;
        if (options_.skip_backfill) {
          untrusted_ = true;  // not listed as followed, so that a later start without the flag still builds it anew
          kStartLog.warn("an index may have missed changes; --skip-backfill leaves it as it is", kv("sink", sink_.name),
                         kv("index", index.name), kv("why", why));
        } else {
          kStartLog.warn("an index may have missed changes and is built anew behind its alias", kv("sink", sink_.name),
                         kv("index", index.name), kv("why", why));
          // What a gap of the last run has staged already will do.
          if (debt_ && !history_.gap && state.staged)
            FLUSSO_TRY(go_on(index, alias, *state.staged, kept));
          else
            FLUSSO_TRY(build_anew(index, alias, kept));
        }
      } else if (there && state.staged) {
        FLUSSO_TRY(go_on(index, alias, *state.staged, kept));
      } else if (!there) {
        FLUSSO_TRY(build_anew(index, alias, kept));
      } else if (history_.record) {
        FLUSSO_TRY(finish_promotion(index, alias, state.active));
      }
    } else {
      const Generation building = state.staged.value_or(state.active);
      if (building.number == 0)
        FLUSSO_TRY(build_anew(index, alias, kept));
      else
        FLUSSO_TRY(go_on(index, alias, building, kept));
    }
    assign_slots(kept);
    uuid_ = state.uuid;
    return kept;
  }
  const std::string& uuid() const { return uuid_; }
  // The index just kept may have missed changes and stays as it is.
  bool untrusted() const { return untrusted_; }

 private:
  // A complete index may be kept when every change since its seed has reached it; else why not.
  std::optional<std::string> why_untrusted(const IndexPlan& index, const std::string& alias,
                                           const IndexState& state) const {
    constexpr const char* kNotFollowed = "the index was not followed by the last run";
    constexpr const char* kNoTokens =
        "its documents do not tell which rows they hold, as the replica identity of a table now demands";
    if (history_.gap) return history_.gap;
    if (debt_) return debt_;
    if (!history_.record) {
      // No record at all but a slot that was there before us: an installation of the other tool, taken over once.
      if (source_.slot_created || source_.slot_skipped) return kNotFollowed;
      return index.traced.empty() ? std::nullopt : std::optional<std::string>(kNoTokens);
    }
    const FollowedIndex* followed = find_followed(history_, alias, state.active, state.uuid);
    if (followed == nullptr) return kNotFollowed;
    return carries_tokens(*followed, index) ? std::nullopt : std::optional<std::string>(kNoTokens);
  }

  // A crash may have fallen between a promotion and what follows it, whose last step removes the seed's record.
  Status finish_promotion(const IndexPlan& index, const std::string& alias, Generation serving) {
    FLUSSO_TRY_ASSIGN(const auto leftover, sink_.records->load_seed(alias));
    if (!leftover) return {};
    FLUSSO_TRY(sink_.admin->retire_others(index, serving));
    return sink_.records->remove_seed(alias);
  }

  Status build_anew(const IndexPlan& index, const std::string& alias, KeptIndex& kept) {
    FLUSSO_TRY(sink_.records->remove_seed(alias));
    FLUSSO_TRY_ASSIGN(const Generation staged, sink_.admin->stage(index));
    kept.building = staged;
    return {};
  }

  // A generation under construction: its chunk ledger counts only if nothing was missed since it was begun.
  Status go_on(const IndexPlan& index, const std::string& alias, Generation building, KeptIndex& kept) {
    FLUSSO_TRY_ASSIGN(const bool there, sink_.admin->exists(index, building));
    const FollowedIndex* known = find_followed(history_, alias, building, "");
    const bool followed = known != nullptr && carries_tokens(*known, index);
    const bool untouched =
        !history_.record ||
        std::none_of(history_.record->following.begin(), history_.record->following.end(),
                     [&](const FollowedIndex& f) { return f.hash_alias == alias && f.generation == building; });
    // One that a gap staged under an earlier plan lacks the field of the tokens that this plan writes.
    const bool may_lack_tokens = untouched && !index.traced.empty();
    if (!there || (debt_ && !untouched) || (!followed && !untouched) || may_lack_tokens)
      return build_anew(index, alias, kept);
    kept.building = building;
    if (!followed) return {};
    FLUSSO_TRY_ASSIGN(auto record, sink_.records->load_seed(alias));
    if (record && record->generation == building && record->slot == source_.slot &&
        record->system_id == source_.system_id)
      kept.resume = std::move(record);
    return {};
  }

  void assign_slots(KeptIndex& kept) const {
    if (kept.serving) kept.targets = kept.targets | Targets::of(id_, 0);
    if (kept.building) {
      kept.seeding = Targets::of(id_, kept.serving ? 1 : 0);
      kept.targets = kept.targets | kept.seeding;
    }
  }

  SinkBackend& sink_;
  SinkId id_;
  const SourceState& source_;
  const History& history_;
  const Options& options_;
  std::optional<std::string> debt_;  // of the index that is being kept
  std::string uuid_;
  bool untrusted_ = false;
};

// Waits until no bulk of an earlier run is still being applied: it could overwrite what this run writes.
Status await_earlier_bulks(SinkBackend& sink, const std::stop_token& stop) {
  while (true) {
    auto running = sink.admin->running_bulks();
    if (!running && running.error().code == "http.403") {
      const Millis wait = sink.writer->limits().request_timeout;
      kStartLog.warn("the sink does not let us list its tasks; waiting one request timeout instead",
                     kv("sink", sink.name), kv("ms", wait.count()));
      return pause(stop, wait) ? Status{} : Status{fail(stopped())};
    }
    if (!running) return fail(running.error());
    if (*running == 0) return {};
    if (!pause(stop, Millis{10})) return fail(stopped());
  }
}

Status begin_sinks(const Plan& plan, Backends& backends, const std::stop_token& stop) {
  for (SinkBackend& sink : backends.sinks()) {
    sink.writer->resume();
    sink.writer->begin_run(plan);
    if (sink.admin) FLUSSO_TRY(await_earlier_bulks(sink, stop));
  }
  return {};
}

// Slot and publication, made or used, and what each sink knows of the history that they belong to. A gap that must not
// be cured is refused before anything is made.
Result<std::vector<History>> open_source(Backends& backends, SourceAdmin& source, const Options& options,
                                         const std::optional<std::string>& known_gap, Prepared& prepared,
                                         const std::stop_token& stop) {
  FLUSSO_TRY_ASSIGN(const SourceView found, source.look(prepared.plan, stop));
  FLUSSO_TRY_ASSIGN(std::vector<History> histories, read_histories(backends, found, options, known_gap));
  if (found.slot && !found.slot->invalid.empty() && options.on_slot_lost == SlotLossPolicy::reseed) {
    kStartLog.warn("the replication slot can deliver nothing any more and is made anew", kv("slot", options.slot),
                   kv("why", found.slot->invalid));
    FLUSSO_TRY(source.discard_slot(stop));
  }
  FLUSSO_TRY_ASSIGN(prepared.source, source.prepare(prepared.plan, stop));
  FLUSSO_TRY(judge_prepared(histories, backends, prepared.source, options));
  return histories;
}

// Of several sinks the one that was told most.
void expect_again(Prepared& prepared, const std::optional<CommitMark>& last) {
  if (!last || last->end_lsn <= prepared.source.confirmed_flush) return;
  if (!prepared.expected_commit || prepared.expected_commit->end_lsn < last->end_lsn) prepared.expected_commit = last;
}

std::vector<TableRef> all_tables(const std::vector<IndexPlan>& indexes) {
  std::set<TableRef> tables;
  for (const IndexPlan& index : indexes)
    for (const TableRef& table : tables_of(index.schema)) tables.insert(table);
  return {tables.begin(), tables.end()};
}

// What makes the tables members of the publication is known only now that it has been made and extended.
Status take_memberships(CatalogWatch& watch, Prepared& prepared) {
  FLUSSO_TRY_ASSIGN(CatalogState now, watch.look(prepared.tables));
  prepared.catalog->publication = now.publication;
  for (auto& [ref, table] : prepared.catalog->tables) {
    table.memberships = std::move(now.tables[ref].memberships);
    if (table.memberships.empty() && prepared.plan.find(ref) != nullptr)
      return fail(ErrorKind::transient, "source.catalog_changed",
                  fmt::format("table {} left the publication while starting", to_text(ref)));
  }
  return {};
}

// What a sink remembers of indexes that cannot run now: they may miss changes from here on.
void keep_paused(const SinkBackend& sink, const std::vector<PausedIndex>& paused, const History& history,
                 SourceRecord& record) {
  if (!history.record) return;
  for (const PausedIndex& one : paused) {
    const std::string alias = sink.admin->hash_alias(one.index);
    for (FollowedIndex followed : history.record->following) {
      if (followed.hash_alias != alias) continue;
      followed.paused = true;
      record.following.push_back(std::move(followed));
    }
  }
}

// No index can run. That is worth waiting for where one has run before; else it is a mistake to be told.
Status require_followed(const std::vector<PausedIndex>& paused, Backends& backends, const Options& options) {
  const Error why = reasons(paused);
  const auto unknown = [&](Error error) {
    error.what = why.what + "; and whether an index was followed before is unknown: " + error.what;
    return fail(std::move(error));
  };
  for (SinkBackend& sink : backends.sinks()) {
    if (!sink.admin) continue;
    if (const Status connected = sink.admin->connect(); !connected) return unknown(connected.error());
    const auto record = sink.records->load_source(options.slot);
    if (!record) return unknown(record.error());
    if (!*record) continue;
    for (const PausedIndex& one : paused)
      for (const FollowedIndex& followed : (*record)->following)
        if (followed.hash_alias == sink.admin->hash_alias(one.index)) return {};
  }
  return fail(why);
}

}  // namespace

Result<Prepared> prepare(std::vector<IndexPlan> indexes, Backends& backends, SourceAdmin& source,
                         const Options& options, const SeededNames& stdout_seeded,
                         const std::optional<std::string>& known_gap, std::stop_token stop) {
  FLUSSO_TRY(backends.hold_exclusive());
  Prepared prepared;
  prepared.tables = all_tables(indexes);
  // Before the plan is compiled: DDL that comes between shows as a difference at the next look.
  const std::unique_ptr<CatalogWatch> watch = source.catalog_watch();
  if (watch) {
    FLUSSO_TRY_ASSIGN(prepared.catalog, watch->look(prepared.tables));
  }
  FLUSSO_TRY_ASSIGN(Roster roster, call_roster(indexes, source));
  FLUSSO_TRY_ASSIGN(const bool widened, source.widen_identities(roster.plan));
  if (widened) {
    FLUSSO_TRY_ASSIGN(roster, call_roster(std::move(indexes), source));
  }
  if (roster.plan.indexes.empty()) FLUSSO_TRY(require_followed(roster.paused, backends, options));
  say_paused(roster.paused);
  prepared.plan = std::move(roster.plan);
  prepared.paused = std::move(roster.paused);
  for (SinkBackend& sink : backends.sinks())
    if (sink.admin) FLUSSO_TRY(sink.admin->connect());
  FLUSSO_TRY_ASSIGN(std::vector<History> histories, open_source(backends, source, options, known_gap, prepared, stop));
  if (watch) FLUSSO_TRY(take_memberships(*watch, prepared));
  FLUSSO_TRY(begin_sinks(prepared.plan, backends, stop));

  const bool any_admin = std::any_of(backends.sinks().begin(), backends.sinks().end(),
                                     [](const SinkBackend& s) { return s.admin != nullptr; });
  for (std::size_t s = 0; s < backends.sinks().size(); ++s) {
    SinkBackend& sink = backends.sinks()[s];
    const SinkId id{static_cast<std::uint8_t>(s)};
    std::vector<KeptIndex> kept;
    SourceRecord record;
    if (sink.admin) {
      const History& history = histories[s];
      record.system_id = prepared.source.system_id;
      record.database_oid = prepared.source.database_oid;
      record.timeline = prepared.source.timeline;
      record.slot = options.slot;
      record.claimed = prepared.source.confirmed_flush;
      if (history.record && !history.gap) record.claimed = std::max(record.claimed, history.record->claimed);
      std::optional<CatalogState> catalog;
      if (prepared.catalog) {
        FLUSSO_TRY_ASSIGN(catalog, sink.records->load_catalog(options.slot));
      }
      if (history.record && !history.gap) {
        if (history.record->timeline != record.timeline)
          kStartLog.info(
              "the server is on a new timeline that has everything the sink followed: a standby was promoted",
              kv("sink", sink.name), kv("from", history.record->timeline), kv("to", record.timeline));
        record.last_commit = history.record->last_commit;
        expect_again(prepared, record.last_commit);
      }
      Keeper keeper(sink, id, prepared.source, history, options);
      for (const IndexPlan& index : prepared.plan.indexes) {
        std::optional<std::string> debt;
        if (catalog) debt = debt_of(index, prepared.plan, *catalog, *prepared.catalog);
        FLUSSO_TRY_ASSIGN(KeptIndex one, keeper.keep(index, std::move(debt)));
        const std::string alias = sink.admin->hash_alias(index);
        const std::vector<std::string> traced = traced_tables(index);
        if (one.serving && !keeper.untrusted())
          record.following.push_back(FollowedIndex{alias, *one.serving, keeper.uuid(), traced});
        if (one.building) record.following.push_back(FollowedIndex{alias, *one.building, "", traced});
        kept.push_back(std::move(one));
      }
      keep_paused(sink, prepared.paused, history, record);
      // Durable before the first write of this run: a generation that is not listed here has never been written to.
      FLUSSO_TRY(sink.records->save_source(record));
      // After what answers the differences is durable.
      if (prepared.catalog) FLUSSO_TRY(sink.records->save_catalog(options.slot, *prepared.catalog));
    } else {
      for (std::size_t i = 0; i < prepared.plan.indexes.size(); ++i) {
        KeptIndex one;
        one.targets = Targets::of(id, 0);
        // Beside a sink that remembers, one that does not never causes a seed; alone it gets everything once per
        // process.
        if (!any_admin && !stdout_seeded.contains(prepared.plan.indexes[i].name) && !options.skip_backfill)
          one.seeding = one.targets;
        kept.push_back(one);
      }
    }
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const IndexId index{static_cast<std::uint16_t>(i)};
      const KeptIndex& one = kept[i];
      if (one.serving) sink.writer->set_generation(index, 0, one.serving);
      if (one.building) sink.writer->set_generation(index, one.serving ? 1 : 0, one.building);
      if (!sink.admin) sink.writer->set_generation(index, 0, Generation{1});
    }
    prepared.kept.push_back(std::move(kept));
    prepared.records.push_back(std::move(record));
  }
  return prepared;
}

}  // namespace flusso::pipeline
