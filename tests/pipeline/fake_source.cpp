#include "tests/pipeline/fake_source.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "tests/pipeline/fake_schema.h"

namespace flusso::fakes {
namespace {

using std::chrono::microseconds;

// A delay on the caller's own thread that a stop request ends.
bool linger(microseconds wait, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, wait, [] { return false; });
  return !stop.stop_requested();
}

bool read_delay(SourceShare& share, const std::stop_token& stop) {
  const auto most = share.chance.per_mille(share.faults.slow_read) ? 2000U : 60U;
  const auto wait = share.chance.below(most);
  return wait < 30 ? !stop.stop_requested() : linger(microseconds(wait), stop);
}

tl::unexpected<Error> broken_off() { return fail(ErrorKind::transient, "pg.08006", "the connection was lost"); }
tl::unexpected<Error> stopped() { return fail(ErrorKind::cancelled, "pg.cancelled", "stopped"); }
bool fails(SourceShare& share) { return share.dead || share.chance.per_mille(share.faults.read_failed); }

class FakeVisibility final : public Visibility {
 public:
  explicit FakeVisibility(SourceShare& share) : share_(share) {}
  Result<SnapshotXids> now() override {
    if (fails(share_)) return broken_off();
    return share_.database.snapshot();
  }

 private:
  SourceShare& share_;
};

class FakeResolver final : public RowResolver {
 public:
  FakeResolver(SourceShare& share, const Plan& plan) : share_(share), plan_(plan) {}
  Status resolve(const LookupPlan& lookup, std::size_t page_keys,
                 const std::function<Status(IndexId, std::vector<std::string>)>& emit, std::stop_token stop) override {
    for (const LookupPlan::Start& start : lookup.starts) {
      if (!read_delay(share_, stop)) return stopped();
      if (fails(share_)) return broken_off();
      const LookupPath& path = plan_.paths[start.path.value];
      const std::vector<std::string> keys = share_.database.look_up(path, start.values);
      for (std::size_t at = 0; at < keys.size(); at += page_keys) {
        const auto from = keys.begin() + static_cast<std::ptrdiff_t>(at);
        const auto to = keys.begin() + static_cast<std::ptrdiff_t>(std::min(keys.size(), at + page_keys));
        if (!read_delay(share_, stop)) return stopped();
        FLUSSO_TRY(emit(path.index, std::vector<std::string>(from, to)));
      }
    }
    return {};
  }

 private:
  SourceShare& share_;
  const Plan& plan_;
};

class FakeDocuments final : public DocumentSource {
 public:
  FakeDocuments(SourceShare& share, const Plan& plan) : share_(share), plan_(plan) {}
  Status read(const BuildBatch& batch, Intake& intake, std::stop_token stop) override {
    if (share_.throw_in_read.exchange(false)) throw std::runtime_error("the fake was told to throw");
    if (!read_delay(share_, stop)) return stopped();
    if (fails(share_)) return broken_off();
    const Document which = document_of(plan_.indexes[batch.index.value]);
    std::vector<std::string> keys;
    for (const BuildItem& item : batch.items) keys.push_back(item.key);
    const auto found = share_.database.documents(which, keys);
    const Status done = put(batch, found, intake, stop);
    intake.flush();
    return done;
  }

 private:
  Status put(const BuildBatch& batch, const std::vector<std::optional<std::string>>& found, Intake& intake,
             const std::stop_token& stop) {
    const std::size_t turn = share_.chance.below(batch.items.size());
    for (std::size_t n = 0; n < batch.items.size(); ++n) {
      const std::size_t i = (n + turn) % batch.items.size();
      const BuildItem& item = batch.items[i];
      if (n % 4 == 3) {
        if (!read_delay(share_, stop)) return stopped();
        if (fails(share_)) return broken_off();
        intake.flush();
      }
      if (!found[i])
        FLUSSO_TRY(intake.add_tombstone(item.key, item.targets));
      else if (is_broken(*found[i]))
        intake.add_failure(
            DocFailure{item.key, item.targets, Error{ErrorKind::permanent, "pg.22012", "division by zero"}});
      else
        FLUSSO_TRY(intake.add(item.key, *found[i], item.targets));
    }
    return {};
  }

  SourceShare& share_;
  const Plan& plan_;
};

class FakeScan final : public SnapshotScan {
 public:
  FakeScan(SourceShare& share, const Plan& plan) : share_(share), plan_(plan) {}

  Result<ChunkPlan> plan(IndexId index) override {
    if (fails(share_)) return broken_off();
    const IndexPlan& indexed = plan_.indexes[index.value];
    ChunkPlan chunks;
    chunks.filenode = share_.database.filenode();
    const std::vector<int> ids = share_.database.ids(table_of(indexed.schema.table));
    std::string from;
    for (std::size_t i = share_.chunk_rows; i < ids.size(); i += share_.chunk_rows) {
      const std::string to = std::to_string(ids[i]);
      chunks.chunks.push_back(
          Chunk{Chunk::Kind::key, indexed.schema.table, from, to, static_cast<double>(share_.chunk_rows.load())});
      from = to;
    }
    chunks.chunks.push_back(Chunk{Chunk::Kind::key, indexed.schema.table, from, "", 1});
    ++share_.plans_made;
    return chunks;
  }

  Status read(IndexId index, const Chunk& chunk, std::uint32_t filenode, Targets targets, Intake& intake,
              std::stop_token stop) override {
    if (!read_delay(share_, stop)) return stopped();
    if (fails(share_)) return broken_off();
    if (filenode != share_.database.filenode())
      return fail(ErrorKind::permanent, "pg.rewritten", "the table was rewritten since its chunks were planned");
    ++share_.chunks_open;
    const auto rows = share_.database.scan(document_of(plan_.indexes[index.value]), number(chunk.from, INT32_MIN),
                                           number(chunk.to, INT32_MAX));
    const Status done = put(rows, targets, intake, stop);
    intake.flush();
    --share_.chunks_open;
    ++(done ? share_.chunks_read : share_.chunks_given_back);
    share_.ring();
    return done;
  }

 private:
  static int number(const std::string& text, int otherwise) {
    int value = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  Status put(const std::vector<std::pair<int, std::string>>& rows, Targets targets, Intake& intake,
             const std::stop_token& stop) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i % 3 == 2) {
        if (!read_delay(share_, stop)) return stopped();
        if (fails(share_)) return broken_off();
        intake.flush();
      }
      const std::string key = std::to_string(rows[i].first);
      if (is_broken(rows[i].second))
        intake.add_failure(DocFailure{key, targets, Error{ErrorKind::permanent, "pg.22012", "division by zero"}});
      else
        FLUSSO_TRY(intake.add(key, rows[i].second, targets));
    }
    return {};
  }

  SourceShare& share_;
  const Plan& plan_;
};

class FakeSourceAdmin final : public SourceAdmin {
 public:
  explicit FakeSourceAdmin(SourceShare& share) : share_(share) {}
  Result<std::vector<TableInfo>> describe(const std::vector<TableRef>& tables) override {
    share_.on_prepare();
    if (share_.dead) return broken_off();
    std::vector<TableInfo> infos;
    for (TableInfo& info : table_infos(share_.old_rows))
      if (std::find(tables.begin(), tables.end(), info.table) != tables.end()) infos.push_back(std::move(info));
    return infos;
  }
  Result<SourceView> look(const Plan&, std::stop_token) override {
    if (share_.dead) return broken_off();
    SourceView view;
    view.system_id = share_.system_id;
    view.database_oid = 16384;
    view.database = "fake";
    view.timeline = 1;
    view.wal_end = share_.database.wal_end();
    if (const Slot slot = share_.database.slot(); slot.exists)
      view.slot = SourceView::Slot{slot.confirmed, slot.invalid};
    return view;
  }
  Status discard_slot(std::stop_token) override {
    if (share_.dead) return broken_off();
    share_.database.drop_slot();
    return {};
  }
  Result<SourceState> prepare(const Plan&, std::stop_token) override {
    if (share_.dead) return broken_off();
    SourceState state;
    state.system_id = share_.system_id;
    state.database_oid = 16384;
    state.timeline = 1;
    state.slot = "flusso";
    state.slot_created = share_.database.ensure_slot();
    state.confirmed_flush = share_.database.slot().confirmed;
    state.seed_fence_xid = share_.database.next_xid();
    return state;
  }
  Status await_older_transactions(std::uint64_t fence_xid, std::stop_token stop) override {
    while (!share_.database.all_visible_below(fence_xid))
      if (!linger(microseconds(500), stop)) return stopped();
    return {};
  }
  Result<Lsn> current_wal() override { return share_.database.wal_end(); }

 private:
  SourceShare& share_;
};

class FakeSlotMonitor final : public SlotMonitor {
 public:
  explicit FakeSlotMonitor(SourceShare& share) : share_(share) {}
  Result<SlotHealth> look(std::stop_token) override {
    if (fails(share_)) return broken_off();
    const Slot slot = share_.database.slot();
    SlotHealth health;
    health.exists = slot.exists;
    health.invalid = slot.invalid;
    health.confirmed_flush = slot.confirmed;
    health.wal_status = slot.invalid.empty() ? "reserved" : "lost";
    return health;
  }
  Status beat(std::stop_token) override {
    share_.database.other_activity();
    return {};
  }

 private:
  SourceShare& share_;
};

}  // namespace

std::unique_ptr<SlotMonitor> make_fake_slot_monitor(SourceShare& share) {
  return std::make_unique<FakeSlotMonitor>(share);
}
std::unique_ptr<Visibility> make_fake_visibility(SourceShare& share) { return std::make_unique<FakeVisibility>(share); }
std::unique_ptr<RowResolver> make_fake_resolver(SourceShare& share, const Plan& plan) {
  return std::make_unique<FakeResolver>(share, plan);
}
std::unique_ptr<DocumentSource> make_fake_documents(SourceShare& share, const Plan& plan) {
  return std::make_unique<FakeDocuments>(share, plan);
}
std::unique_ptr<SnapshotScan> make_fake_scan(SourceShare& share, const Plan& plan) {
  return std::make_unique<FakeScan>(share, plan);
}
std::unique_ptr<SourceAdmin> make_fake_source_admin(SourceShare& share) {
  return std::make_unique<FakeSourceAdmin>(share);
}

}  // namespace flusso::fakes
