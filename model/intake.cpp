#include "model/intake.h"

#include <algorithm>
#include <cstring>

namespace flusso {
namespace {

// Bytes are leased in steps, so that a lane takes the budget's mutex once per many documents.
constexpr std::uint64_t kLeaseStep = 64 * 1024;

}  // namespace

Intake::Intake(IndexId index, ByteBudget& budget, Limits limits, std::function<void(DocBatch)> emit,
               std::stop_token stop)
    : index_(index), budget_(budget), limits_(limits), emit_(std::move(emit)), stop_(std::move(stop)) {
  batch_.index = index;
}

Intake::~Intake() = default;

Status Intake::reserve(std::uint64_t bytes) {
  if (slab_ && slab_->bytes.size() + bytes > slab_->lease.bytes()) {
    const std::uint64_t missing = slab_->bytes.size() + bytes - slab_->lease.bytes();
    if (auto more = budget_.try_acquire(std::max(missing, kLeaseStep), limits_.urgency)) {
      slab_->lease.absorb(std::move(*more));
      return {};
    }
    flush();
  }
  if (slab_) return {};
  const std::uint64_t first = std::max(bytes, kLeaseStep);
  std::optional<Lease> count;
  if (limits_.documents != nullptr) count = wait_for(*limits_.documents, limits_.slab_documents);
  std::optional<Lease> lease;
  if (count || limits_.documents == nullptr) lease = wait_for(budget_, first);
  if (!lease) {
    if (stop_.stop_requested())
      return fail(ErrorKind::cancelled, "intake.cancelled", "stopped while waiting for memory");
    return fail(ErrorKind::transient, "intake.stalled",
                "no memory for documents became free; the sink is slow or away");
  }
  slab_ = std::make_shared<Slab>();
  slab_->lease = std::move(*lease);
  if (count) slab_->documents = std::move(*count);
  slab_->bytes.reserve(std::max<std::uint64_t>(first, 4096));
  return {};
}

std::optional<Lease> Intake::wait_for(ByteBudget& budget, std::uint64_t units) {
  if (limits_.patience.count() == 0) return budget.acquire(units, limits_.urgency, stop_);
  return budget.acquire_for(units, limits_.urgency, limits_.patience, stop_);
}

Status Intake::append(std::string_view key, std::string_view body, std::string_view hidden, Targets targets) {
  const std::uint64_t bytes = key.size() + body.size() + hidden.size();
  if (slab_ && !batch_.rows.empty() &&
      (slab_->bytes.size() + bytes > limits_.slab_bytes || batch_.rows.size() >= limits_.slab_documents)) {
    flush();
  }
  FLUSSO_TRY(reserve(bytes));
  std::string& out = slab_->bytes;
  DocRow row;
  row.key_offset = static_cast<std::uint32_t>(out.size());
  row.key_length = static_cast<std::uint32_t>(key.size());
  out.append(key);
  row.body_offset = static_cast<std::uint32_t>(out.size());
  if (hidden.empty()) {
    out.append(body);
  } else {
    if (body == "{}") hidden.remove_prefix(1);  // nothing stands before it
    out.append(body.substr(0, body.size() - 1)).append(hidden).push_back('}');
    row.hidden_length = static_cast<std::uint32_t>(hidden.size());
  }
  row.body_length = static_cast<std::uint32_t>(out.size() - row.body_offset);
  if (!body.empty() && (std::memchr(body.data(), '\n', body.size()) != nullptr ||
                        std::memchr(body.data(), '\r', body.size()) != nullptr)) {
    const auto begin = out.begin() + static_cast<std::ptrdiff_t>(row.body_offset);
    std::replace_if(
        begin, out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  }
  row.targets = targets;
  batch_.rows.push_back(row);
  ++documents_;
  bytes_ += body.size();
  return {};
}

Status Intake::add(std::string_view key, std::string_view body, Targets targets, std::string_view hidden) {
  return append(key, body, hidden, targets);
}

Status Intake::add_tombstone(std::string_view key, Targets targets) { return append(key, {}, {}, targets); }

void Intake::add_failure(DocFailure failure) { batch_.failures.push_back(std::move(failure)); }

void Intake::add_loss(std::string_view field, LossKind kind, std::uint64_t count) {
  for (ValueLoss& loss : batch_.losses) {
    if (loss.kind != kind || loss.field != field) continue;
    loss.count += count;
    return;
  }
  batch_.losses.push_back({std::string(field), kind, count});
}

void Intake::flush() {
  if (batch_.rows.empty() && batch_.failures.empty() && batch_.losses.empty()) return;
  if (!slab_) slab_ = std::make_shared<Slab>();
  slab_->lease.shrink_to(slab_->bytes.size());
  slab_->documents.shrink_to(batch_.rows.size());
  batch_.slab = std::move(slab_);
  slab_.reset();
  DocBatch full = std::exchange(batch_, DocBatch{});
  batch_.index = index_;
  emit_(std::move(full));
}

}  // namespace flusso
