#include "stages/fanout.h"

#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "model/row_key.h"
#include "model/row_token.h"

namespace flusso::stages {
namespace {

using Keys = std::unordered_set<std::string>;

enum class Found { key, nothing, unknown };

// Both tuples of a change; -1 where there is none.
struct Tuples {
  std::int32_t seen;
  std::int32_t other = -1;  // holds what `seen` leaves out because it did not change
};

// The values of the columns. A NULL part leads nowhere; a part that was not sent makes the value unknown.
Found key_of(const ChangeBatch& batch, Tuples tuples, const std::vector<std::uint16_t>& columns, std::string& key) {
  key.clear();
  const bool composite = columns.size() > 1;
  bool first = true;
  for (const std::uint16_t column : columns) {
    FieldText field = batch.field(tuples.seen, column);
    if (field.state == FieldText::State::unchanged && tuples.other >= 0) field = batch.field(tuples.other, column);
    switch (field.state) {
      case FieldText::State::null:
        return Found::nothing;
      case FieldText::State::missing:
      case FieldText::State::unchanged:
        return Found::unknown;
      case FieldText::State::text:
        break;
    }
    if (composite)
      append_key_part(key, field.text, first);
    else
      key.assign(field.text);
    first = false;
  }
  return Found::key;
}

// True for the key of a root row itself, as opposed to a column that names another row's document.
bool names_its_own_document(const Plan& plan, const TablePlan& table, const Link& link) {
  const IndexSchema& schema = plan.indexes[link.index.value].schema;
  if (link.kind != Link::Kind::direct || table.info.table != schema.table ||
      link.columns.size() != schema.primary_key.size())
    return false;
  for (std::size_t i = 0; i < link.columns.size(); ++i)
    if (table.columns[link.columns[i]] != schema.primary_key[i]) return false;
  return true;
}

// Collects what the changes of one batch lead to, everything once.
class Fan {
 public:
  Fan(const Plan& plan, const ChangeBatch& batch)
      : plan_(plan), batch_(batch), direct(plan.indexes.size()), lookups(plan.paths.size()) {}

  void add(const ChangeBatch::Change& change) {
    const TablePlan& table = plan_.tables[change.table.value];
    for (const Link& link : table.links) {
      if (change.new_fields >= 0) add_new(change, table, link);
      const bool old_unseen = change.old_fields >= 0 ? add_old(change, link) == Found::unknown
                                                     : change.op == ChangeOp::update && !link.in_identity;
      if (old_unseen) trace(change, table, link.index);
    }
  }

 private:
  Keys& keys_of(const Link& link) {
    return link.kind == Link::Kind::direct ? direct[link.index.value] : lookups[link.path.value];
  }

  void add_new(const ChangeBatch::Change& change, const TablePlan& table, const Link& link) {
    const Tuples row{change.new_fields, change.old_fields};
    const Found found = key_of(batch_, row, link.columns, key_);
    if (found == Found::key) keys_of(link).insert(key_);
    if (found == Found::nothing && names_its_own_document(plan_, table, link)) ++null_keys[link.index];
    if (found == Found::unknown && link.by_row && key_of(batch_, row, table.row_key, key_) == Found::key)
      lookups[link.by_row->value].insert(key_);
  }

  Found add_old(const ChangeBatch::Change& change, const Link& link) {
    const Found found = key_of(batch_, {change.old_fields}, link.columns, key_);
    if (found == Found::key) keys_of(link).insert(key_);
    return found;
  }

  // No old tuple means that the identity, and with it the row's token, is what it was.
  void trace(const ChangeBatch::Change& change, const TablePlan& table, IndexId index) {
    const Tuples row{change.old_fields >= 0 ? change.old_fields : change.new_fields};
    if (key_of(batch_, row, table.row_key, key_) == Found::key)
      old_rows[index].insert(row_token(table.info.table, key_));
  }

  const Plan& plan_;
  const ChangeBatch& batch_;
  std::string key_;

 public:
  std::vector<Keys> direct;
  std::vector<Keys> lookups;
  std::map<IndexId, Keys> old_rows;
  std::map<IndexId, std::uint64_t> null_keys;
};

std::vector<std::string> drain(Keys& keys) {
  std::vector<std::string> values;
  values.reserve(keys.size());
  while (!keys.empty()) values.push_back(std::move(keys.extract(keys.begin()).value()));
  return values;
}

}  // namespace

FanoutOut fan_out(const Plan& plan, ChangeBatch batch) {
  Fan fan(plan, batch);
  for (const ChangeBatch::Change& change : batch.changes) fan.add(change);

  FanoutOut out;
  out.null_keys = std::move(fan.null_keys);
  for (auto& [index, tokens] : fan.old_rows) out.old_rows.emplace(index, drain(tokens));
  out.announced.seq = batch.seq;
  out.announced.end_lsn = batch.end_lsn;
  out.announced.change_lease = std::make_shared<Lease>(std::move(batch.lease));

  for (std::size_t i = 0; i < fan.direct.size(); ++i) {
    if (fan.direct[i].empty()) continue;
    KeyPage page;
    page.seq = batch.seq;
    page.index = IndexId{static_cast<std::uint16_t>(i)};
    page.keys = drain(fan.direct[i]);
    out.direct.push_back(std::move(page));
  }
  if (!out.direct.empty()) {
    out.direct.back().pages_of_part = static_cast<std::uint32_t>(out.direct.size());
    out.announced.parts += 1;
  }

  out.lookups.seq = batch.seq;
  for (std::size_t i = 0; i < fan.lookups.size(); ++i) {
    if (fan.lookups[i].empty()) continue;
    out.lookups.starts.push_back(LookupPlan::Start{PathId{static_cast<std::uint16_t>(i)}, drain(fan.lookups[i])});
  }
  if (!out.lookups.empty()) out.announced.parts += 1;
  return out;
}

}  // namespace flusso::stages
