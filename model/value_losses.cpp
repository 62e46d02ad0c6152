#include "model/value_losses.h"

namespace flusso {

std::string_view to_text(LossKind kind) {
  switch (kind) {
    case LossKind::not_finite:
      return "not_finite";
    case LossKind::date_range:
      return "date_range";
    case LossKind::null_key:
      return "null_key";
  }
  return "";
}

bool ValueLosses::add(const std::string& index, const ValueLoss& loss) {
  const std::scoped_lock lock(mutex_);
  const auto [entry, added] = counts_.try_emplace(Key{index, loss.field, loss.kind}, 0);
  entry->second += loss.count;
  return added;
}

std::vector<ValueLosses::Entry> ValueLosses::entries() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Entry> all;
  all.reserve(counts_.size());
  for (const auto& [key, count] : counts_)
    all.push_back({std::get<0>(key), {std::get<1>(key), std::get<2>(key), count}});
  return all;
}

}  // namespace flusso
