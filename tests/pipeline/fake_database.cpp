#include "tests/pipeline/fake_database.h"

#include <algorithm>
#include <charconv>

#include "tests/pipeline/fake_schema.h"

namespace flusso::fakes {
namespace {

constexpr Lsn kNever{UINT64_MAX};

int number(const std::string& text) {
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

int column(const Row& row, const std::string& name) { return name == "id" ? row.id : row.ref; }

}  // namespace

// ---- writing --------------------------------------------------------------------------------------------------------

void FakeDatabase::set_row(Table table, std::uint64_t xid, bool deleted, Row row) {
  if (deleted)
    latest_[table].erase(row.id);
  else
    latest_[table][row.id] = row;
  versions_[table][row.id].push_back(Version{xid, deleted, std::move(row)});
}

Lsn FakeDatabase::commit(const std::vector<Edit>& edits, Millis invisible_for) {
  const Lock lock(mutex_);
  advance();
  Transaction transaction;
  transaction.xid = next_xid_;
  for (const Edit& edit : edits) {
    const auto found = latest_[edit.table].find(edit.row.id);
    const bool exists = found != latest_[edit.table].end();
    switch (edit.kind) {
      case Edit::Kind::put:
        transaction.rows.push_back(RowChange{edit.table, exists ? ChangeOp::update : ChangeOp::insert,
                                             exists ? found->second : Row{}, edit.row});
        set_row(edit.table, transaction.xid, false, edit.row);
        break;
      case Edit::Kind::remove: {
        if (!exists) break;
        const Row before = found->second;
        transaction.rows.push_back(RowChange{edit.table, ChangeOp::remove, before, {}});
        set_row(edit.table, transaction.xid, true, before);
        break;
      }
      case Edit::Kind::rename: {
        if (!exists || latest_[edit.table].contains(edit.new_id)) break;
        const Row before = found->second;
        Row after = before;
        after.id = edit.new_id;
        transaction.rows.push_back(RowChange{edit.table, ChangeOp::update, before, after});
        set_row(edit.table, transaction.xid, true, before);
        set_row(edit.table, transaction.xid, false, after);
        break;
      }
    }
  }
  if (transaction.rows.empty()) return Lsn{wal_end_};
  return log(std::move(transaction), invisible_for);
}

Lsn FakeDatabase::truncate(Table table) {
  const Lock lock(mutex_);
  advance();
  Transaction transaction;
  transaction.xid = next_xid_;
  transaction.truncated.push_back(table);
  std::vector<Row> rows;
  for (const auto& [id, row] : latest_[table]) rows.push_back(row);
  for (Row& row : rows) set_row(table, transaction.xid, true, std::move(row));
  ++filenode_;
  return log(std::move(transaction), Millis{0});
}

Lsn FakeDatabase::log(Transaction transaction, Millis invisible_for) {
  ++next_xid_;
  wal_end_ += 16;
  transaction.end = Lsn{wal_end_};
  // Whoever changes a row waits for the one who changed it before, and so becomes visible later.
  SteadyTime until = std::chrono::steady_clock::now() + invisible_for;
  std::vector<std::pair<int, int>> rows;
  for (const RowChange& change : transaction.rows) {
    rows.emplace_back(change.table, change.before.id);
    rows.emplace_back(change.table, change.after.id);
  }
  for (const auto& row : rows) {
    if (const auto found = row_visible_at_.find(row); found != row_visible_at_.end())
      until = std::max(until, found->second);
  }
  if (!transaction.truncated.empty())  // it excludes everybody
    for (const Invisible& other : invisible_) until = std::max(until, other.until);
  until = std::max(until, none_visible_before_);
  if (!transaction.truncated.empty()) none_visible_before_ = until;
  for (const auto& row : rows) row_visible_at_[row] = until;
  wal_.push_back(std::move(transaction));
  const auto place = std::upper_bound(invisible_.begin(), invisible_.end(), until,
                                      [](SteadyTime t, const Invisible& i) { return t < i.until; });
  invisible_.insert(place, Invisible{until, wal_.size() - 1});
  advance();
  changed_.notify_all();
  return Lsn{wal_end_};
}

void FakeDatabase::other_activity() {
  const Lock lock(mutex_);
  wal_end_ += 1000;
  changed_.notify_all();
}

void FakeDatabase::rewrite() {
  const Lock lock(mutex_);
  ++filenode_;
}

// ---- visibility and truth -------------------------------------------------------------------------------------------

void FakeDatabase::advance() {
  const SteadyTime now = std::chrono::steady_clock::now();
  while (!invisible_.empty() && invisible_.front().until <= now) {
    const std::size_t position = invisible_.front().position;
    std::set<std::pair<Document, int>> documents;
    affected(wal_[position], documents);
    invisible_.erase(invisible_.begin());
    make_visible(position, std::move(documents));
  }
}

// `documents`: what the transaction touched as seen before; what it touches now is added.
void FakeDatabase::make_visible(std::size_t position, std::set<std::pair<Document, int>> documents) {
  const Transaction& transaction = wal_[position];
  affected(transaction, documents);
  if (!transaction.truncated.empty()) {
    for (std::size_t d = 0; d < kDocuments; ++d)
      for (const auto& [id, facts] : facts_[d]) documents.emplace(static_cast<Document>(d), id);
  }
  const std::set<std::pair<Document, int>> named = this->named(transaction);
  for (const auto& [which, id] : documents) {
    auto& facts = facts_[which][id];
    std::optional<std::string> now = content(which, id);
    const bool changed = facts.empty() ? now.has_value() : facts.back().content != now;
    if (!changed) continue;
    facts.push_back(Fact{position, transaction.truncated.empty() ? transaction.end : kNever,
                         named.contains({which, id}), std::move(now)});
    if (transaction.truncated.empty()) changed_by_[transaction.end.value].emplace(which, id);
  }
}

void FakeDatabase::affected(Table table, const Row& row, std::set<std::pair<Document, int>>& out) const {
  switch (table) {
    case parents:
      out.emplace(families, row.id);
      for (const auto& [id, versions] : versions_[children]) {
        const Row* child = visible(children, id);
        if (child != nullptr && child->ref == row.id) out.emplace(kids, id);
      }
      break;
    case children:
      out.emplace(kids, row.id);
      out.emplace(families, row.ref);
      break;
    case items:
      if (const Row* child = visible(children, row.ref); child != nullptr) out.emplace(families, child->ref);
      break;
  }
}

void FakeDatabase::affected(const Transaction& transaction, std::set<std::pair<Document, int>>& out) const {
  for (const RowChange& change : transaction.rows) {
    if (change.op != ChangeOp::insert) affected(change.table, change.before, out);
    if (change.op != ChangeOp::remove) affected(change.table, change.after, out);
  }
}

std::set<std::pair<Document, int>> FakeDatabase::named(const Transaction& transaction) {
  std::set<std::pair<Document, int>> out;
  for (const RowChange& change : transaction.rows) {
    for (const Row* row : {&change.before, &change.after}) {
      if (change.table == parents) out.emplace(families, row->id);
      if (change.table != children) continue;
      out.emplace(kids, row->id);
      out.emplace(families, row->ref);
    }
  }
  return out;
}

bool FakeDatabase::is_visible(std::uint64_t xid) const {
  return std::none_of(invisible_.begin(), invisible_.end(),
                      [&](const Invisible& i) { return wal_[i.position].xid == xid; });
}

const Row* FakeDatabase::visible(Table table, int id) const {
  const auto found = versions_[table].find(id);
  if (found == versions_[table].end()) return nullptr;
  for (auto version = found->second.rbegin(); version != found->second.rend(); ++version)
    if (is_visible(version->xid)) return version->deleted ? nullptr : &version->row;
  return nullptr;
}

std::optional<std::string> FakeDatabase::content(Document which, int id) const {
  if (which == kids) {
    const Row* child = visible(children, id);
    if (child == nullptr) return std::nullopt;
    const Row* parent = visible(parents, child->ref);
    return "{\"text\":\"" + child->text + "\",\"parent\":\"" + (parent == nullptr ? "" : parent->text) + "\"}";
  }
  const Row* parent = visible(parents, id);
  if (parent == nullptr) return std::nullopt;
  std::string text = "{\"text\":\"" + parent->text + "\",\"children\":[";
  for (const auto& [child_id, child_versions] : versions_[children]) {
    const Row* child = visible(children, child_id);
    if (child == nullptr || child->ref != id) continue;
    text += "{\"id\":" + std::to_string(child_id) + ",\"text\":\"" + child->text + "\",\"items\":[";
    for (const auto& [item_id, item_versions] : versions_[items]) {
      const Row* item = visible(items, item_id);
      if (item != nullptr && item->ref == child_id) text += "\"" + std::to_string(item_id) + ":" + item->text + "\",";
    }
    text += "]},";
  }
  return text + "]}";
}

std::set<std::pair<Document, int>> FakeDatabase::changed_between(Lsn after, Lsn up_to) {
  const Lock lock(mutex_);
  advance();
  std::set<std::pair<Document, int>> documents;
  for (auto at = changed_by_.upper_bound(after.value); at != changed_by_.end() && at->first <= up_to.value; ++at)
    documents.insert(at->second.begin(), at->second.end());
  return documents;
}

bool FakeDatabase::is_fresh(Document which, int id, Lsn confirmed, const std::optional<std::string>& stored,
                            std::optional<Lsn> owed_by_seed) {
  const Lock lock(mutex_);
  advance();
  const std::vector<Fact>& facts = facts_[which][id];
  std::size_t first = 0;
  bool later = false;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].lsn <= confirmed && wal_[facts[i].position].in_stream) first = i;
  }
  for (std::size_t i = 0; i < facts.size(); ++i)
    later = later || (i > first && !wal_[facts[i].position].in_stream) ||
            (facts[i].lsn > confirmed && facts[i].lsn != kNever);
  while (later && !facts.empty() && (!facts[first].named || facts[first].lsn > confirmed)) {
    if (first == 0 || !wal_[facts[first - 1].position].in_stream || facts[first - 1].lsn == kNever) return true;
    --first;
  }
  if (!stored && owed_by_seed && facts[first].lsn <= *owed_by_seed) return true;
  for (std::size_t i = first; i < facts.size(); ++i) {
    if (facts[i].content == stored || (i > first && facts[i].lsn == kNever)) return true;
    if (facts[i].content && (is_broken(*facts[i].content) || is_refused(*facts[i].content))) return true;
  }
  return facts.empty() && !stored;
}

bool FakeDatabase::was_truncated(Document which, int id) {
  const Lock lock(mutex_);
  const std::vector<Fact>& facts = facts_[which][id];
  return std::any_of(facts.begin(), facts.end(), [](const Fact& fact) { return fact.lsn == kNever; });
}

bool FakeDatabase::was_left_out(Document which, int id) {
  const Lock lock(mutex_);
  const std::vector<Fact>& facts = facts_[which][id];
  return std::any_of(facts.begin(), facts.end(), [](const Fact& fact) {
    return fact.content && (is_broken(*fact.content) || is_refused(*fact.content));
  });
}

std::string FakeDatabase::history(Document which, int id) {
  const Lock lock(mutex_);
  std::string text = std::string(which == kids ? "kids " : "families ") + std::to_string(id) + ":";
  for (const Fact& fact : facts_[which][id])
    text += " [" + (fact.lsn == kNever ? "truncate" : std::to_string(fact.lsn.value)) + " " +
            fact.content.value_or("gone") + "]";
  return text;
}

// ---- reads ----------------------------------------------------------------------------------------------------------

SnapshotXids FakeDatabase::snapshot() {
  const Lock lock(mutex_);
  advance();
  SnapshotXids xids;
  xids.xmin = xids.xmax = next_xid_;
  for (const Invisible& i : invisible_) {
    xids.xip.push_back(wal_[i.position].xid);
    xids.xmin = std::min(xids.xmin, wal_[i.position].xid);
  }
  std::sort(xids.xip.begin(), xids.xip.end());
  return xids;
}

std::optional<std::string> FakeDatabase::document(Document which, int id) {
  const Lock lock(mutex_);
  advance();
  return content(which, id);
}

std::vector<std::optional<std::string>> FakeDatabase::documents(Document which, const std::vector<std::string>& keys) {
  const Lock lock(mutex_);
  advance();
  std::vector<std::optional<std::string>> found;
  found.reserve(keys.size());
  for (const std::string& key : keys) found.push_back(content(which, number(key)));
  return found;
}

std::vector<std::pair<int, std::string>> FakeDatabase::scan(Document which, int from, int to) {
  const Lock lock(mutex_);
  advance();
  std::vector<std::pair<int, std::string>> found;
  const auto& rows = versions_[which == families ? parents : children];
  for (auto row = rows.lower_bound(from); row != rows.end() && row->first < to; ++row)
    if (auto text = content(which, row->first)) found.emplace_back(row->first, std::move(*text));
  return found;
}

std::map<std::string, std::string> FakeDatabase::all_documents(Document which) {
  std::map<std::string, std::string> all;
  for (auto& [id, text] : scan(which, INT32_MIN, INT32_MAX)) all.emplace(std::to_string(id), std::move(text));
  return all;
}

std::vector<std::string> FakeDatabase::look_up(const LookupPath& path, const std::vector<std::string>& values) {
  const Lock lock(mutex_);
  advance();
  std::set<int> from;
  for (const std::string& value : values) from.insert(number(value));
  for (const Hop& hop : path.hops) {
    const Table table = table_of(hop.table);
    std::set<int> to;
    for (const auto& [id, versions] : versions_[table]) {
      const Row* row = visible(table, id);
      if (row != nullptr && from.contains(column(*row, hop.match.front()))) to.insert(column(*row, hop.output.front()));
    }
    from = std::move(to);
  }
  std::vector<std::string> keys;
  for (const int key : from) keys.push_back(std::to_string(key));
  return keys;
}

std::vector<int> FakeDatabase::ids(Table table) {
  const Lock lock(mutex_);
  std::vector<int> all;
  for (const auto& [id, row] : latest_[table]) all.push_back(id);
  return all;
}

std::uint32_t FakeDatabase::filenode() {
  const Lock lock(mutex_);
  return filenode_;
}

Lsn FakeDatabase::wal_end() {
  const Lock lock(mutex_);
  return Lsn{wal_end_};
}

std::uint64_t FakeDatabase::next_xid() {
  const Lock lock(mutex_);
  return next_xid_;
}

bool FakeDatabase::all_visible_below(std::uint64_t xid) {
  const Lock lock(mutex_);
  advance();
  return std::none_of(invisible_.begin(), invisible_.end(),
                      [&](const Invisible& i) { return wal_[i.position].xid < xid; });
}

// ---- slot and stream ------------------------------------------------------------------------------------------------

Slot FakeDatabase::slot() {
  const Lock lock(mutex_);
  return slot_;
}

bool FakeDatabase::ensure_slot() {
  const Lock lock(mutex_);
  if (slot_.exists) return false;
  slot_ = Slot{true, {}, Lsn{wal_end_}, Lsn{wal_end_}, Lsn{wal_end_}};
  for (Transaction& transaction : wal_) transaction.in_stream = false;
  return true;
}

void FakeDatabase::drop_slot() {
  const Lock lock(mutex_);
  slot_ = Slot{};
}

void FakeDatabase::invalidate_slot(std::string why) {
  const Lock lock(mutex_);
  slot_.invalid = std::move(why);
}

void FakeDatabase::move_slot(Lsn confirmed) {
  const Lock lock(mutex_);
  slot_.confirmed = confirmed;
  slot_.delivered = std::min(slot_.delivered, confirmed);  // what lies behind it will be delivered again
}

void FakeDatabase::checkpoint() {
  const Lock lock(mutex_);
  slot_.checkpointed = slot_.confirmed;
}

void FakeDatabase::confirm(Lsn lsn) {
  const Lock lock(mutex_);
  slot_.confirmed = std::max(slot_.confirmed, lsn);
}

void FakeDatabase::begin_stream() {
  const Lock lock(mutex_);
  slot_.delivered = slot_.confirmed;
}

void FakeDatabase::note_delivered(Lsn end) {
  const Lock lock(mutex_);
  slot_.delivered = std::max(slot_.delivered, end);
}

std::optional<Transaction> FakeDatabase::next_transaction(Lsn after) {
  const Lock lock(mutex_);
  const auto next =
      std::upper_bound(wal_.begin(), wal_.end(), after, [](Lsn lsn, const Transaction& t) { return lsn < t.end; });
  for (auto at = next; at != wal_.end(); ++at)
    if (at->in_stream) return *at;
  return std::nullopt;
}

void FakeDatabase::wait_for_wal(Lsn after, std::uint64_t& interrupts_seen, SteadyTime until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until, [&] { return wal_end_ > after.value || interrupts_ != interrupts_seen; });
  interrupts_seen = interrupts_;
}

void FakeDatabase::interrupt() {
  const Lock lock(mutex_);
  ++interrupts_;
  changed_.notify_all();
}

}  // namespace flusso::fakes
