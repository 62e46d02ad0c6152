#include "pipeline/loss_report.h"

#include <fmt/format.h>

#include <utility>

#include "model/log.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kLossLog{"documents"};

void warn(const std::string& index, const ValueLoss& loss) {
  const auto field = kv("field", loss.field);
  switch (loss.kind) {
    case LossKind::not_finite:
      kLossLog.warn("NaN or Infinity is indexed as null", kv("index", index), field,
                    kv("cure", "store a number or NULL, or declare the field as keyword, which keeps the text"));
      return;
    case LossKind::date_range:
      kLossLog.warn("a date outside the years 0001 to 9999 is indexed as null", kv("index", index), field,
                    kv("cure",
                       "store a date within these years or NULL, or declare the field as keyword, which keeps the "
                       "text"));
      return;
    case LossKind::null_key:
      kLossLog.warn("a row with NULL in its key has no document", kv("index", index), field,
                    kv("cure", "make the key columns NOT NULL, or name other columns as primary_key"));
      return;
  }
}

void report_loss(IndexId index, const ValueLoss& loss, const Plan& plan, LiveStatus& status) {
  const std::string& name = plan.indexes[index.value].name;
  if (status.losses.add(name, loss)) warn(name, loss);
}

}  // namespace

void report_losses(DocBatch& batch, const Plan& plan, LiveStatus& status) {
  for (const ValueLoss& loss : std::exchange(batch.losses, {})) report_loss(batch.index, loss, plan, status);
}

void report_null_keys(IndexId index, std::uint64_t rows, const Plan& plan, LiveStatus& status) {
  const KeyColumns& key = plan.indexes[index.value].schema.primary_key;
  report_loss(index, {fmt::format("{}", fmt::join(key, ",")), LossKind::null_key, rows}, plan, status);
}

}  // namespace flusso::pipeline
