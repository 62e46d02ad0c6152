#pragma once
// ChangeCapture over pgoutput, whole transactions: by protocol 2, whose streamed transactions wait in a StreamSpool
// until they commit, where the server has it (14 and newer), else by protocol 1. Three positions are kept apart: what
// has arrived (write), what is durable in the sinks (flush and apply, set by confirm()), and what the server last
// heard. Status updates leave from next() and keep_alive(): every feedback interval, at once after a confirm(), at once
// when the server asks, so that neither a slow sink nor paused intake starves them and a server that shuts down gets
// its answer.
//
// Row events point into the frame that the last call of next() took off the stream or out of the spool. What is being
// handed back from the spool goes first; the wire waits meanwhile.
// Thread: start, next, readable, keep_alive, finish: capture; confirm, wake: any.

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "io/pg/conn.h"
#include "io/pg/pg_source.h"
#include "io/pg/pgoutput.h"
#include "io/pg/relation_finder.h"
#include "io/pg/relation_map.h"
#include "io/pg/replication.h"
#include "io/pg/stream_spool.h"
#include "io/pg/waker.h"
#include "model/ports/change_capture.h"

namespace flusso::pg {

class WalCapture final : public ChangeCapture {
 public:
  WalCapture(PgSourceOptions options, const Plan& plan);

  Result<Lsn> start() override;
  Result<CaptureEvent> next(Millis wait) override;
  bool readable() override;
  Status keep_alive(Millis wait) override;
  void confirm(Lsn lsn) noexcept override;
  void wake() noexcept override;
  void finish() noexcept override;

 private:
  Status feedback_if_due();
  SteadyTime feedback_due_at() const { return last_feedback_ + options_.feedback_interval; }
  // Protocol 2, unless the server is too old or the default folder cannot take what outgrows memory. Errors: config
  // pg.spill for a folder that was named and cannot be used.
  Result<Streaming> choose_streaming(const Conn& conn) const;
  // Whether a message can be had without waiting, from the spool or off the wire.
  Result<bool> anything_at_hand();
  // The event in a frame; absent = nothing that the plan looks at.
  Result<std::optional<CaptureEvent>> event_of(const ReplicationFrame& frame);
  Result<std::optional<CaptureEvent>> replayed_event();
  Result<std::optional<CaptureEvent>> event_of_message(std::string_view message);
  Result<std::optional<CaptureEvent>> relation_event();
  // The row in message_ for one of the tables it is a row of; each further call is about the next of them.
  Result<std::optional<CaptureEvent>> row_event();
  bool row_has_more_tables() const { return row_tables_ != nullptr && next_row_table_ < row_tables_->size(); }
  std::optional<CaptureEvent> truncate_event() const;
  // True for a row of a table that the plan does not know: dropped without decoding it. Not for a message of the wire
  // while spool_.in_block().
  bool foreign_row(std::string_view message) const;
  Error remember(Error error);

  PgSourceOptions options_;
  RelationFinder finder_;
  RelationMap relations_;
  Waker waker_;
  std::atomic<std::uint64_t> confirmed_{0};
  std::atomic<bool> woken_{false};

  StreamSpool spool_;
  std::optional<ReplicationStream> stream_;
  std::optional<Error> failure_;  // the stream is over; said again by every later call
  Lsn received_;
  Lsn reported_;  // the last flush position that the server heard
  bool reply_due_ = false;
  ReplicationFrame current_;  // what the last event points into
  SteadyTime last_feedback_{};
  Xid xid_;  // of the transaction being delivered
  PgOutputMessage message_;
  const std::vector<MappedRelation>* row_tables_ = nullptr;
  std::size_t next_row_table_ = 0;
  std::vector<FieldText> old_fields_, new_fields_;
};

}  // namespace flusso::pg
