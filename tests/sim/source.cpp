#include "tests/sim/source.h"

#include <algorithm>
#include <charconv>

#include "model/check.h"

namespace flusso::sim {
namespace {

constexpr int kPages = 6;

int number(const std::string& text, int otherwise) {
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

// ---- versions -------------------------------------------------------------------------------------------------------

bool SimSource::is_visible(std::uint64_t xid) const {
  return std::none_of(invisible_.begin(), invisible_.end(), [&](std::size_t i) { return wal_[i].xid == xid; });
}

const SimSource::Version* SimSource::latest(Table table, int id) const {
  const auto found = rows_[table].find(id);
  return found == rows_[table].end() ? nullptr : &found->second.back();
}

const SimSource::Version* SimSource::visible(Table table, int id) const {
  const auto found = rows_[table].find(id);
  if (found == rows_[table].end()) return nullptr;
  for (auto version = found->second.rbegin(); version != found->second.rend(); ++version)
    if (is_visible(version->xid)) return version->deleted ? nullptr : &*version;
  return nullptr;
}

const Row* SimSource::current(Table table, int id) const {
  const Version* version = latest(table, id);
  return version == nullptr || version->deleted ? nullptr : &version->row;
}

RowChange SimSource::put(Table table, Row row) const {
  const Row* before = current(table, row.id);
  if (before == nullptr) return RowChange{table, ChangeOp::insert, {}, std::move(row)};
  return RowChange{table, ChangeOp::update, *before, std::move(row)};
}

RowChange SimSource::remove(Table table, int id) const {
  const Row* before = current(table, id);
  FLUSSO_CHECK(before != nullptr, "the simulator removes a row that does not exist");
  return RowChange{table, ChangeOp::remove, *before, {}};
}

std::size_t SimSource::commit(std::vector<RowChange> rows, Visible visible, std::uint64_t event) {
  const std::uint64_t xid = next_xid_++;
  wal_end_ += 10;
  const auto add = [&](Table table, Version version) {
    auto& versions = rows_[table][version.row.id];
    if (version.page < 0) version.page = versions.empty() ? static_cast<int>(xid % kPages) : versions.back().page;
    version.xid = xid;
    versions.push_back(std::move(version));
  };
  for (const RowChange& change : rows) {
    if (change.op != ChangeOp::insert && (change.op == ChangeOp::remove || change.before.id != change.after.id))
      add(change.table, Version{0, true, change.before, -1});
    // An update may move the row to another page: its version is found by another chunk.
    const int page = change.op == ChangeOp::update && xid % 2 == 0 ? static_cast<int>(xid / 2 % kPages) : -1;
    if (change.op != ChangeOp::remove) add(change.table, Version{0, false, change.after, page});
  }
  wal_.push_back(Transaction{xid, Lsn{wal_end_}, std::move(rows), kNever, true});
  invisible_.push_back(wal_.size() - 1);
  if (visible == Visible::now) make_visible(wal_.size() - 1, event);
  return wal_.size() - 1;
}

void SimSource::make_visible(std::size_t transaction, std::uint64_t event) {
  std::erase(invisible_, transaction);
  wal_[transaction].visible_at = event;
  note_truth(wal_[transaction].end, event);
}

std::vector<RowChange> SimSource::random_changes(Random& random) {
  static constexpr int kMost[kTables] = {6, 9, 8};
  std::vector<RowChange> changes;
  std::vector<std::pair<Table, int>> used;
  const auto free = [&](Table table, int id) {
    const Version* version = latest(table, id);
    return (version == nullptr || is_visible(version->xid)) &&
           std::find(used.begin(), used.end(), std::pair(table, id)) == used.end();
  };
  for (int left = random.chance(10) ? 8 : random.between(1, 3); left > 0; --left) {
    const auto table = static_cast<Table>(random.below(kTables));
    const int id = random.between(1, kMost[table]);
    if (!free(table, id)) continue;
    std::string text = "v" + std::to_string(random.below(1000));
    if (random.chance(3)) text += " refused";
    if (random.chance(3)) text += " broken";
    const Row row{id, table == parents ? 0 : random.between(1, kMost[table - 1]), std::move(text)};
    const Row* before = current(table, id);
    used.emplace_back(table, id);
    if (before == nullptr) {
      changes.push_back(RowChange{table, ChangeOp::insert, {}, row});
    } else if (random.chance(20)) {
      changes.push_back(remove(table, id));
    } else if (const int other = random.between(1, kMost[table]);
               random.chance(10) && current(table, other) == nullptr && free(table, other)) {
      used.emplace_back(table, other);
      changes.push_back(
          RowChange{table, ChangeOp::update, *before, Row{other, before->ref, row.text}});  // its key changes
    } else {
      changes.push_back(
          RowChange{table, ChangeOp::update, *before, random.chance(50) ? row : Row{id, before->ref, row.text}});
    }
  }
  return changes;
}

void SimSource::rewrite(Random& random) {
  ++filenode_;
  for (auto& table : rows_)
    for (auto& [id, versions] : table)
      for (Version& version : versions) version.page = random.between(0, kPages - 1);
}

// ---- reads ----------------------------------------------------------------------------------------------------------

SnapshotXids SimSource::snapshot() const {
  SnapshotXids xids;
  xids.xmin = xids.xmax = next_xid_;
  for (const std::size_t i : invisible_) {
    xids.xip.push_back(wal_[i].xid);
    xids.xmin = std::min(xids.xmin, wal_[i].xid);
  }
  std::sort(xids.xip.begin(), xids.xip.end());
  return xids;
}

std::optional<std::string> SimSource::document(std::size_t index, int key) const {
  if (index == 1) {
    const Version* child = visible(children, key);
    if (child == nullptr) return std::nullopt;
    const Version* parent = visible(parents, child->row.ref);
    return "{" + child->row.text + ", parent " + (parent == nullptr ? "none" : parent->row.text) + "}";
  }
  const Version* parent = visible(parents, key);
  if (parent == nullptr) return std::nullopt;
  std::string text = "{" + parent->row.text;
  for (const auto& [child_id, child_versions] : rows_[children]) {
    const Version* child = visible(children, child_id);
    if (child == nullptr || child->row.ref != key) continue;
    text += ", " + std::to_string(child_id) + ":" + child->row.text;
    for (const auto& [item_id, item_versions] : rows_[items]) {
      const Version* item = visible(items, item_id);
      if (item != nullptr && item->row.ref == child_id)
        text += " (" + std::to_string(item_id) + ":" + item->row.text + ")";
    }
  }
  return text + "}";
}

std::vector<int> SimSource::scan(std::size_t index, const Chunk& chunk) const {
  const Table table = index == 0 ? parents : children;
  const int from = number(chunk.from, INT32_MIN);
  const int to = number(chunk.to, INT32_MAX);
  std::vector<int> keys;
  for (const auto& [id, versions] : rows_[table]) {
    const Version* version = visible(table, id);
    if (version == nullptr) continue;
    const int place = chunk.kind == Chunk::Kind::ctid ? version->page : id;
    if (place >= from && place < to) keys.push_back(id);
  }
  return keys;
}

std::vector<std::string> SimSource::look_up(const LookupPath& path, const std::vector<std::string>& values) const {
  std::vector<std::string> from = values;
  for (const Hop& hop : path.hops) {
    const Table table = hop.table.name == "parents" ? parents : hop.table.name == "children" ? children : items;
    const auto column = [&](const Row& row, const std::string& name) {
      return std::to_string(name == "id" ? row.id : row.ref);
    };
    std::vector<std::string> to;
    for (const auto& [id, versions] : rows_[table]) {
      const Version* version = visible(table, id);
      if (version == nullptr) continue;
      if (std::find(from.begin(), from.end(), column(version->row, hop.match.front())) == from.end()) continue;
      const std::string value = column(version->row, hop.output.front());
      if (std::find(to.begin(), to.end(), value) == to.end()) to.push_back(value);
    }
    from = std::move(to);
  }
  return from;
}

ChunkPlan SimSource::plan_chunks(std::size_t index, Random& random) const {
  ChunkPlan plan;
  plan.filenode = filenode_;
  const Chunk::Kind kind = index == 0 ? Chunk::Kind::key : Chunk::Kind::ctid;
  std::string from;
  for (int border = random.between(1, 3); border < 6; border += random.between(1, 3)) {
    plan.chunks.push_back(Chunk{kind, {}, from, std::to_string(border), 1});
    from = std::to_string(border);
  }
  plan.chunks.push_back(Chunk{kind, {}, from, "", 1});
  return plan;
}

void SimSource::create_slot() {
  slot_start_ = Lsn{wal_end_};
  for (Transaction& transaction : wal_) transaction.in_stream = false;
}

// ---- truth ----------------------------------------------------------------------------------------------------------

void SimSource::note_truth(Lsn lsn, std::uint64_t event) {
  for (std::size_t index = 0; index < kIndexes; ++index) {
    for (const auto& [id, versions] : rows_[index == 0 ? parents : children]) {
      auto& facts = facts_[index][id];
      std::optional<std::string> content = document(index, id);
      const bool changed = facts.empty() ? content.has_value() : facts.back().content != content;
      if (changed) facts.push_back(Fact{event, lsn, std::move(content)});
    }
  }
}

std::uint64_t SimSource::needed(std::size_t index, int key, Lsn confirmed) const {
  const auto found = facts_[index].find(key);
  std::uint64_t event = 0;
  if (found == facts_[index].end()) return event;
  for (const Fact& fact : found->second)
    if (fact.lsn <= confirmed) event = std::max(event, fact.event);
  return event;
}

template <class Matches>
bool SimSource::any_since(std::size_t index, int key, std::uint64_t event, Matches&& matches) const {
  const auto found = facts_[index].find(key);
  if (found == facts_[index].end() || found->second.empty()) return matches(std::nullopt);
  const std::vector<Fact>& facts = found->second;
  if (facts.front().event > event && matches(std::nullopt)) return true;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const std::uint64_t until = i + 1 < facts.size() ? facts[i + 1].event : kNever;
    if (until > event && matches(facts[i].content)) return true;
  }
  return false;
}

bool SimSource::held_since(std::size_t index, int key, std::uint64_t event,
                           const std::optional<std::string>& content) const {
  return any_since(index, key, event, [&](const std::optional<std::string>& then) { return then == content; });
}

bool SimSource::spoilt_since(std::size_t index, int key, std::uint64_t event) const {
  return any_since(index, key, event, [](const std::optional<std::string>& then) {
    return then && (is_broken(*then) || is_refused(*then));
  });
}

bool SimSource::changes_after(std::size_t index, int key, Lsn position) const {
  const Table root = index == 0 ? parents : children;
  const auto found = facts_[index].find(key);
  if (found != facts_[index].end() && !found->second.empty() &&
      std::any_of(found->second.begin(), found->second.end(), [&](const Fact& fact) { return fact.lsn > position; }))
    return true;
  return std::any_of(wal_.rbegin(), wal_.rend(), [&](const Transaction& transaction) {
    return transaction.in_stream && transaction.end > position &&
           std::any_of(transaction.rows.begin(), transaction.rows.end(), [&](const RowChange& change) {
             return change.table == root && (change.before.id == key || change.after.id == key);
           });
  });
}

}  // namespace flusso::sim
