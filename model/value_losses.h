#pragma once
// What a row has and its document cannot show: counted per index, field and reason, for metrics and for one warning
// per field. Readers collect losses per batch (model/intake.h), the pipeline adds them up here. A document that is
// built twice counts twice. Thread: any.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace flusso {

enum class LossKind : std::uint8_t {
  not_finite,  // NaN or ±Infinity where the index wants a number: null
  date_range,  // BC, a year beyond 9999 or ±infinity where the index wants a date: null
  null_key,    // NULL in the row's key: no document
};
std::string_view to_text(LossKind kind);  // "not_finite", …: a label of metrics

// Of one field of one index; the field as its dotted path in the document, for null_key the key columns.
struct ValueLoss {
  std::string field;
  LossKind kind = LossKind::not_finite;
  std::uint64_t count = 0;
};

class ValueLosses {
 public:
  struct Entry {
    std::string index;
    ValueLoss loss;
  };
  // True for the first of its index, field and kind.
  bool add(const std::string& index, const ValueLoss& loss);
  // Everything so far, by index, field and kind.
  std::vector<Entry> entries() const;

 private:
  using Key = std::tuple<std::string, std::string, LossKind>;
  mutable std::mutex mutex_;
  std::map<Key, std::uint64_t> counts_;
};

}  // namespace flusso
