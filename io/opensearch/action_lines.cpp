#include "io/opensearch/action_lines.h"

#include <algorithm>
#include <utility>

#include "io/opensearch/names.h"
#include "model/check.h"
#include "model/row_key.h"
#include "model/value.h"

namespace flusso::opensearch {
namespace {

// True when the text can stand inside a JSON string as it is.
bool needs_no_escaping(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; });
}

std::string action_prefix(std::string_view verb, const std::string& index) {
  std::string prefix = "{\"";
  prefix += verb;
  prefix += "\":{\"_index\":";
  append_json_string(prefix, index);
  prefix += ",\"_id\":\"";
  return prefix;
}

}  // namespace

ActionLines::ActionLines(std::string prefix) : prefix_(std::move(prefix)) { publish(std::make_unique<Table>()); }

void ActionLines::publish(std::unique_ptr<const Table> table) {
  current_.store(table.get(), std::memory_order_release);
  history_.push_back(std::move(table));
}

void ActionLines::begin_run(const Plan& plan) {
  const std::lock_guard lock(mutex_);
  auto table = std::make_unique<Table>();
  for (const IndexPlan& index : plan.indexes) table->push_back(Entry{hash_alias(prefix_, index), {}});
  publish(std::move(table));
  history_.erase(history_.begin(), history_.end() - 1);
}

void ActionLines::set(IndexId index, unsigned slot, std::optional<Generation> generation) {
  const std::lock_guard lock(mutex_);
  auto table = std::make_unique<Table>(*current_.load(std::memory_order_acquire));
  FLUSSO_CHECK(index.value < table->size() && slot < 2,
               "a generation was set for an index that is not in the run's plan");
  Entry& entry = (*table)[index.value];
  Slot& changed = entry.slots[slot];
  changed = Slot{};
  if (generation) {
    changed.index = generation_index(entry.hash_alias, *generation);
    changed.upsert_prefix = action_prefix("index", changed.index);
    changed.delete_prefix = action_prefix("delete", changed.index);
  }
  publish(std::move(table));
}

void ActionLines::append(const BulkItem& item, unsigned slot, std::string& lines) const {
  const Table& table = *current_.load(std::memory_order_acquire);
  FLUSSO_CHECK(item.index.value < table.size() && slot < 2, "a document of an index that is not in the run's plan");
  const Slot& target = table[item.index.value].slots[slot];
  FLUSSO_CHECK(!target.index.empty(), "a document for a slot without a generation");
  lines += item.body.empty() ? target.delete_prefix : target.upsert_prefix;
  if (is_plain_id(item.key) && needs_no_escaping(item.key)) {
    lines += item.key;
    lines += "\"}}\n";
    return;
  }
  lines.pop_back();
  append_json_string(lines, document_id(item.key));
  lines += "}}\n";
}

std::vector<std::string> ActionLines::concrete_indexes(const std::vector<IndexId>& indexes) const {
  const Table& table = *current_.load(std::memory_order_acquire);
  std::vector<std::string> names;
  for (const IndexId index : indexes) {
    if (index.value >= table.size()) continue;
    for (const Slot& slot : table[index.value].slots)
      if (!slot.index.empty()) names.push_back(slot.index);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace flusso::opensearch
