#include "stages/fanout.h"

#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "model/row_key.h"

namespace flusso::stages {
namespace {

using Keys = std::unordered_set<std::string>;

enum class Found { key, nothing, unknown };

// The link's value in one tuple. A NULL part leads nowhere; a part that was not sent makes the value unknown.
Found key_of(const ChangeBatch& batch, std::int32_t tuple, const Link& link, std::string& key) {
  key.clear();
  const bool composite = link.columns.size() > 1;
  bool first = true;
  for (const std::uint16_t column : link.columns) {
    const FieldText field = batch.field(tuple, column);
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

}  // namespace

FanoutOut fan_out(const Plan& plan, ChangeBatch batch) {
  FanoutOut out;
  std::vector<Keys> direct(plan.indexes.size());
  std::vector<Keys> lookups(plan.paths.size());
  std::string key;

  for (const ChangeBatch::Change& change : batch.changes) {
    for (const Link& link : plan.tables[change.table.value].links) {
      Keys& keys = link.kind == Link::Kind::direct ? direct[link.index.value] : lookups[link.path.value];
      Found in_new = Found::nothing;
      if (change.new_fields >= 0) {
        in_new = key_of(batch, change.new_fields, link, key);
        if (in_new == Found::key) keys.insert(key);
        if (in_new == Found::nothing && names_its_own_document(plan, plan.tables[change.table.value], link))
          ++out.null_keys[link.index];
      }
      if (change.old_fields >= 0) {
        const Found in_old = key_of(batch, change.old_fields, link, key);
        if (in_old == Found::key) keys.insert(key);
        if (in_old == Found::unknown && link.old_needed) ++out.unknown_old;
      } else if (change.op == ChangeOp::update && link.old_needed && !link.in_identity) {
        ++out.unknown_old;
      }
    }
  }

  out.announced.seq = batch.seq;
  out.announced.end_lsn = batch.end_lsn;
  out.announced.change_lease = std::make_shared<Lease>(std::move(batch.lease));

  for (std::size_t i = 0; i < direct.size(); ++i) {
    if (direct[i].empty()) continue;
    KeyPage page;
    page.seq = batch.seq;
    page.index = IndexId{static_cast<std::uint16_t>(i)};
    page.keys.reserve(direct[i].size());
    while (!direct[i].empty()) page.keys.push_back(std::move(direct[i].extract(direct[i].begin()).value()));
    out.direct.push_back(std::move(page));
  }
  if (!out.direct.empty()) {
    out.direct.back().pages_of_part = static_cast<std::uint32_t>(out.direct.size());
    out.announced.parts += 1;
  }

  out.lookups.seq = batch.seq;
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    if (lookups[i].empty()) continue;
    LookupPlan::Start start;
    start.path = PathId{static_cast<std::uint16_t>(i)};
    start.values.reserve(lookups[i].size());
    while (!lookups[i].empty()) start.values.push_back(std::move(lookups[i].extract(lookups[i].begin()).value()));
    out.lookups.starts.push_back(std::move(start));
  }
  if (!out.lookups.empty()) out.announced.parts += 1;
  return out;
}

}  // namespace flusso::stages
