#pragma once
// Where a lane's rows become DocBatches: leases bytes before a document is copied, and emits a batch whenever its slab
// is full or before it would have to wait for bytes, so that no lane holds documents while it waits (no hold-and-wait).
// Thread: one (the lane).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "model/batches.h"
#include "model/budget.h"
#include "model/result.h"

namespace flusso {

class Intake {
 public:
  struct Limits {
    std::uint64_t slab_bytes = 1024 * 1024;
    std::uint32_t slab_documents = 1000;
    Urgency urgency = Urgency::live;
    std::chrono::milliseconds patience{0};  // > 0: add() gives up with intake.stalled after waiting this long for room
    ByteBudget* documents = nullptr;        // counts the documents that are held, beside their bytes
  };
  // `emit` receives every batch exactly once, on the lane's thread. `stop` makes a waiting add() return cancelled.
  Intake(IndexId index, ByteBudget& budget, Limits limits, std::function<void(DocBatch)> emit, std::stop_token stop);
  ~Intake();

  // Adds one document: final JSON on one line (raw newlines are replaced by blanks, they can only be insignificant
  // whitespace in valid JSON). `hidden`: a member with its leading comma that sinks keep but never show, put in at the
  // end (model/row_token.h). Errors: cancelled; transient "intake.stalled".
  Status add(std::string_view key, std::string_view body, Targets targets, std::string_view hidden = {});
  // Adds a delete.
  Status add_tombstone(std::string_view key, Targets targets);
  void add_failure(DocFailure failure);
  // Something of a row that its document cannot show.
  void add_loss(std::string_view field, LossKind kind, std::uint64_t count = 1);
  // Emits what is held; call at the end of every read.
  void flush();
  std::uint64_t documents() const { return documents_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Status reserve(std::uint64_t bytes);
  std::optional<Lease> wait_for(ByteBudget& budget, std::uint64_t units);
  Status append(std::string_view key, std::string_view body, std::string_view hidden, Targets targets);

  IndexId index_;
  ByteBudget& budget_;
  Limits limits_;
  std::function<void(DocBatch)> emit_;
  std::stop_token stop_;
  std::shared_ptr<Slab> slab_;
  DocBatch batch_;
  std::uint64_t documents_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace flusso
