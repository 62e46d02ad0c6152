// The control plane and the records of a sink. A call may fail, and the process may die within it, before or after its
// effect.
#include <algorithm>
#include <utility>

#include "tests/pipeline/fake_sink.h"

namespace flusso::fakes {
namespace {

tl::unexpected<Error> killed() { return fail(ErrorKind::cancelled, "test.killed", "the process was killed"); }

// Runs one call against the cluster, as rough as the world is.
template <class Effect>
auto call(SinkShare& share, Effect&& effect) -> Result<decltype(effect())> {
  if (share.dead) return killed();
  if (share.cluster.away()) return fail(ErrorKind::transient, "http.connect", "the sink cannot be reached");
  if (share.chance.per_mille(share.faults.control_failed)) {
    ++share.control_failures;
    share.ring();
    return fail(ErrorKind::transient, "http.503", "the sink is busy");
  }
  const bool crash = share.chance.per_mille(share.faults.control_crash);
  if (crash && share.chance.per_mille(500)) {
    share.on_crash();
    return killed();
  }
  if constexpr (std::is_void_v<decltype(effect())>) {
    effect();
    if (!crash) return {};
  } else {
    auto result = effect();
    if (!crash) return result;
  }
  share.on_crash();
  return killed();
}

class FakeIndexAdmin final : public IndexAdmin {
 public:
  explicit FakeIndexAdmin(SinkShare& share) : share_(share) {}

  Status connect() override {
    return call(share_, [] {});
  }
  Result<IndexState> state(const IndexPlan& plan) override {
    return call(share_, [&] {
      const IndexRecord record = share_.cluster.record(plan.name);
      IndexState state;
      state.active = record.active;
      state.seeded = record.seeded;
      state.staged = record.staged;
      state.uuid = share_.cluster.uuid(plan.name, record.active);
      return state;
    });
  }
  Result<Generation> stage(const IndexPlan& plan) override {
    return call(share_, [&] { return share_.cluster.stage(plan.name); });
  }
  Status accept_tokens(const IndexPlan&, Generation) override {
    return call(share_, [] {});
  }
  Status promote(const IndexPlan& plan, Generation generation) override {
    if (!share_.cluster.exists(plan.name, generation))
      return fail(ErrorKind::permanent, "os.index_missing", "cannot be promoted");
    return call(share_, [&] { share_.cluster.promote(plan.name, generation); });
  }
  Status retire_others(const IndexPlan& plan, Generation keep) override {
    return call(share_, [&] { share_.cluster.retire_others(plan.name, keep); });
  }
  Result<bool> exists(const IndexPlan& plan, Generation generation) override {
    return call(share_, [&] { return share_.cluster.exists(plan.name, generation); });
  }
  Result<std::optional<std::string>> load(const std::string&) override { return std::optional<std::string>(); }
  Status save(const std::string&, const std::string&) override { return {}; }
  Status remove(const std::string&) override { return {}; }
  Result<std::size_t> running_bulks() override {
    return call(share_, [&] { return share_.cluster.running_bulks(); });
  }
  std::string hash_alias(const IndexPlan& plan) const override { return plan.name; }

 private:
  SinkShare& share_;
};

class FakeRecords final : public SyncRecords {
 public:
  explicit FakeRecords(SinkShare& share) : share_(share) {}

  Result<std::optional<SourceRecord>> load_source(const std::string&) override {
    return call(share_, [&] {
      const std::scoped_lock lock(share_.cluster.records_mutex);
      return share_.cluster.source;
    });
  }
  Status save_source(const SourceRecord& record) override {
    return call(share_, [&] {
      const std::scoped_lock lock(share_.cluster.records_mutex);
      share_.cluster.source = record;
    });
  }
  Result<std::optional<SeedRecord>> load_seed(const std::string& alias) override {
    return call(share_, [&] {
      const std::scoped_lock lock(share_.cluster.records_mutex);
      const auto found = share_.cluster.seeds.find(alias);
      return found == share_.cluster.seeds.end() ? std::optional<SeedRecord>() : std::optional(found->second);
    });
  }
  Status save_seed(const std::string& alias, const SeedRecord& record) override {
    return call(share_, [&] {
      const std::scoped_lock lock(share_.cluster.records_mutex);
      share_.cluster.seeds[alias] = record;
    });
  }
  Status save_seed_progress(const std::string& alias, Generation generation, const std::string& done) override {
    return call(share_, [&] {
      const std::scoped_lock lock(share_.cluster.records_mutex);
      const auto found = share_.cluster.seeds.find(alias);
      if (found != share_.cluster.seeds.end() && found->second.generation == generation) found->second.done = done;
    });
  }
  Status remove_seed(const std::string& alias) override {
    return call(share_, [&] {
      const std::scoped_lock lock(share_.cluster.records_mutex);
      share_.cluster.seeds.erase(alias);
    });
  }

 private:
  SinkShare& share_;
};

// Documents of the fake database show the ids of all their rows, so their own text tells which tokens they would carry.
bool carries(const std::string& document, const std::string& token) {
  const std::size_t separator = token.find('\x1f');
  const std::string table = token.substr(0, separator);
  const std::string id = token.substr(separator + 1);
  const std::string shown = table == "public.children" ? "{\"id\":" + id + "," : "\"" + id + ":";
  return document.find(shown) != std::string::npos;
}

class FakeTokenSearch final : public TokenSearch {
 public:
  explicit FakeTokenSearch(SinkShare& share) : share_(share) {}
  Status refresh(const IndexPlan& index) override {
    return call(share_, [&] { share_.cluster.refresh(index.name); });
  }
  Result<std::vector<std::vector<std::string>>> find(const IndexPlan& index,
                                                     const std::vector<std::vector<std::string>>& questions) override {
    return call(share_, [&] {
      std::vector<std::vector<std::string>> answers;
      for (const std::vector<std::string>& tokens : questions) {
        const auto keys = share_.cluster.search(index.name, [&tokens](const std::string& document) {
          return std::any_of(tokens.begin(), tokens.end(),
                             [&](const std::string& token) { return carries(document, token); });
        });
        answers.emplace_back(keys.begin(), keys.end());
      }
      return answers;
    });
  }

 private:
  SinkShare& share_;
};

}  // namespace

std::unique_ptr<TokenSearch> make_fake_token_search(SinkShare& share) {
  return std::make_unique<FakeTokenSearch>(share);
}
std::unique_ptr<IndexAdmin> make_fake_index_admin(SinkShare& share) { return std::make_unique<FakeIndexAdmin>(share); }
std::unique_ptr<SyncRecords> make_fake_records(SinkShare& share) { return std::make_unique<FakeRecords>(share); }

}  // namespace flusso::fakes
