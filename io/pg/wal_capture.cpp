#include "io/pg/wal_capture.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pg/slot.h"
#include "io/pg/spill_file.h"
#include "model/log.h"

namespace flusso::pg {
namespace {

constexpr Logger kCaptureLog{"capture"};
constexpr Millis kFinishAtMost{3000};
constexpr int kFirstWithStreaming = 140000;

SteadyTime now() { return std::chrono::steady_clock::now(); }

SpoolOptions spool_options(const PgSourceOptions& options) {
  return {options.spill_dir.empty() ? default_spill_folder() : options.spill_dir, options.spool_memory_bytes};
}

}  // namespace

WalCapture::WalCapture(PgSourceOptions options, const Plan& plan)
    : options_(std::move(options)), finder_(options_, plan), relations_(plan), spool_(spool_options(options_)) {}

Result<Lsn> WalCapture::start() {
  stream_.reset();
  failure_.reset();
  relations_.clear();
  spool_.clear();
  row_tables_ = nullptr;
  reply_due_ = false;

  ConnParams params;
  params.url = options_.url;
  params.application_name = fmt::format("flusso:{}:capture", options_.slot);
  params.replication = true;
  // Both sides give a silent peer up within ten seconds, so that a dead host frees the slot soon.
  params.settings = {{"wal_sender_timeout", "10s"}};
  FLUSSO_TRY_ASSIGN(Conn conn, Conn::connect(params, options_.stop));
  FLUSSO_TRY_ASSIGN(const Rows database, conn.exec("SELECT pg_catalog.current_database()"));
  FLUSSO_TRY_ASSIGN(const auto slot, find_slot(conn, options_.slot));
  if (!slot) {
    return fail(ErrorKind::permanent, "pg.slot_missing",
                fmt::format("replication slot \"{}\" does not exist on {}", options_.slot, conn.target()));
  }
  FLUSSO_TRY(check_slot(*slot, options_.slot, database.string(0, 0)));
  if (slot->active) return fail(ErrorKind::transient, "pg.55006", in_use_sentence(*slot, options_.slot));
  FLUSSO_TRY_ASSIGN(const Streaming streaming, choose_streaming(conn));
  FLUSSO_TRY_ASSIGN(stream_, ReplicationStream::start(std::move(conn), options_.slot, {options_.publication},
                                                      slot->confirmed_flush, streaming));
  received_ = reported_ = slot->confirmed_flush;
  confirmed_.store(slot->confirmed_flush.value);
  last_feedback_ = now();
  kCaptureLog.info("streaming", kv("slot", options_.slot), kv("from", slot->confirmed_flush));
  return slot->confirmed_flush;
}

Result<Streaming> WalCapture::choose_streaming(const Conn& conn) const {
  if (conn.server_version() < kFirstWithStreaming) return Streaming::off;
  const auto probe = SpillFile::create(spool_options(options_).folder);
  if (probe || probe.error().kind != ErrorKind::config) return Streaming::on;
  if (!options_.spill_dir.empty()) return fail(probe.error());
  kCaptureLog.warn("the server keeps large transactions until they commit, because there is no folder for them here",
                   kv("reason", probe.error().what));
  return Streaming::off;
}

Error WalCapture::remember(Error error) {
  if (error.code == "pg.42704" && error.what.find("publication") != std::string::npos) {
    // What lies between cannot be decoded any more. The next start makes the publication again, or says how, and moves
    // the slot past it, which every index notices.
    error.what += fmt::format(
        "; publication \"{}\" was dropped or is younger than the changes that slot \"{}\" still has "
        "to deliver: every index is built anew",
        options_.publication, options_.slot);
    error.kind = ErrorKind::transient;
    options_.publication_lost->store(true);
  }
  failure_ = error;
  return error;
}

Status WalCapture::feedback_if_due() {
  const Lsn durable{confirmed_.load()};
  const SteadyTime time = now();
  if (durable <= reported_ && !reply_due_ && time < feedback_due_at()) return {};
  received_ = std::max(received_, durable);
  FLUSSO_TRY(stream_->send_feedback(received_, durable));
  reported_ = durable;
  reply_due_ = false;
  last_feedback_ = time;
  return {};
}

Result<CaptureEvent> WalCapture::next(Millis wait) {
  if (failure_) return fail(*failure_);
  if (!stream_) return fail(ErrorKind::bug, "pg.not_started", "the capture was not started");
  if (row_has_more_tables()) {
    auto event = row_event();
    if (!event) return fail(remember(std::move(event).error()));
    return std::move(**event);
  }
  const SteadyTime deadline = now() + wait;
  while (true) {
    if (auto sent = feedback_if_due(); !sent) return fail(remember(std::move(sent).error()));
    const auto at_hand = anything_at_hand();
    if (!at_hand) return fail(remember(at_hand.error()));
    if (*at_hand) {
      auto event = spool_.replaying() ? replayed_event() : event_of(current_ = stream_->take());
      if (!event) return fail(remember(std::move(event).error()));
      if (reply_due_)
        if (auto sent = feedback_if_due(); !sent) return fail(remember(std::move(sent).error()));
      if (*event) return std::move(**event);
      if (options_.stop.stop_requested()) return fail(ErrorKind::cancelled, "pg.cancelled", "stopped while streaming");
    }
    // Also while nothing but pieces of open transactions comes, for minutes perhaps: what the caller holds must leave.
    if (woken_.exchange(false) || now() >= deadline) return CaptureEvent{CaptureNothing{}};
    if (*at_hand) continue;
    FLUSSO_TRY(stream_->wait(std::min(deadline, feedback_due_at()), waker_.fd()));
    waker_.drain();
  }
}

Result<bool> WalCapture::anything_at_hand() {
  if (spool_.replaying()) return true;
  FLUSSO_TRY_ASSIGN(const ReplicationFrame* front, stream_->front());
  return front != nullptr;
}

bool WalCapture::readable() {
  if (failure_ || spool_.replaying()) return true;  // next() answers at once
  if (!stream_) return false;
  if (row_has_more_tables()) return true;
  while (true) {
    auto front = stream_->front();
    if (!front) {
      remember(std::move(front).error());
      return true;
    }
    if (*front == nullptr) return false;
    if ((*front)->keepalive || spool_.in_block() || !foreign_row((*front)->payload)) return true;
    received_ = std::max(received_, stream_->take().position);
  }
}

Status WalCapture::keep_alive(Millis wait) {
  if (failure_) return fail(*failure_);
  if (!stream_) return fail(ErrorKind::bug, "pg.not_started", "the capture was not started");
  const SteadyTime deadline = now() + wait;
  while (true) {
    const Lsn before = reported_;
    if (auto sent = feedback_if_due(); !sent) return fail(remember(std::move(sent).error()));
    if (woken_.exchange(false) || reported_ != before || now() >= deadline) return {};
    FLUSSO_TRY(stream_->wait_unread(std::min(deadline, feedback_due_at()), waker_.fd()));
    waker_.drain();
  }
}

void WalCapture::confirm(Lsn lsn) noexcept {
  std::uint64_t seen = confirmed_.load();
  while (lsn.value > seen)
    if (confirmed_.compare_exchange_weak(seen, lsn.value)) return waker_.signal();
}

void WalCapture::wake() noexcept {
  woken_.store(true);
  waker_.signal();
}

void WalCapture::finish() noexcept {
  if (!stream_ || failure_) return;
  reply_due_ = true;
  if (feedback_if_due()) stream_->finish(kFinishAtMost);
  stream_.reset();
  spool_.clear();
}

bool WalCapture::foreign_row(std::string_view message) const {
  const auto oid = relation_of_row(message);
  return oid && relations_.known(*oid) && relations_.find(*oid).empty();
}

Result<std::optional<CaptureEvent>> WalCapture::event_of(const ReplicationFrame& frame) {
  received_ = std::max(received_, frame.position);
  if (frame.keepalive) {
    reply_due_ = reply_due_ || frame.reply_requested;
    return CaptureEvent{CaptureKeepalive{frame.position, frame.reply_requested}};
  }
  FLUSSO_TRY_ASSIGN(const bool kept, spool_.keep(frame.payload));
  if (kept) return std::optional<CaptureEvent>{};
  return event_of_message(frame.payload);
}

Result<std::optional<CaptureEvent>> WalCapture::replayed_event() {
  FLUSSO_TRY_ASSIGN(const std::string_view message, spool_.replay());
  return event_of_message(message);
}

Result<std::optional<CaptureEvent>> WalCapture::event_of_message(std::string_view message) {
  using Kind = PgOutputMessage::Kind;
  if (foreign_row(message)) return std::optional<CaptureEvent>{};
  FLUSSO_TRY(decode_pgoutput(message, message_));
  switch (message_.kind) {
    case Kind::begin:
      xid_ = message_.xid;
      return CaptureEvent{CaptureBegin{message_.xid}};
    case Kind::commit:
      received_ = std::max(received_, message_.end_lsn);
      return CaptureEvent{CaptureCommit{xid_, message_.end_lsn}};
    case Kind::relation:
      return relation_event();
    case Kind::insert:
    case Kind::update:
    case Kind::remove:
      row_tables_ = &relations_.find(message_.relation);
      next_row_table_ = 0;
      return row_event();
    case Kind::truncate:
      return truncate_event();
    case Kind::origin:
    case Kind::type:
    case Kind::message:
    case Kind::stream_start:  // these four are the spool's and do not come here
    case Kind::stream_stop:
    case Kind::stream_commit:
    case Kind::stream_abort:
      return std::optional<CaptureEvent>{};
  }
  return std::optional<CaptureEvent>{};
}

Result<std::optional<CaptureEvent>> WalCapture::relation_event() {
  FLUSSO_TRY_ASSIGN(const RelationFinder::Found found, finder_.find(message_.relation, message_.schema, message_.name));
  row_tables_ = nullptr;
  CaptureGap event{relations_.learn(message_, found.tables)};
  for (const TableId table : found.replaced) event.gaps.push_back({table, GapReason::definition_changed, {}});
  if (event.gaps.empty()) return std::optional<CaptureEvent>{};
  return CaptureEvent{std::move(event)};
}

Result<std::optional<CaptureEvent>> WalCapture::row_event() {
  if (!row_has_more_tables())
    return fail(ErrorKind::permanent, "pg.protocol", "a replicated row came before its relation was described");
  const MappedRelation& relation = (*row_tables_)[next_row_table_++];
  RowEvent event;
  event.table = relation.table;
  event.op = message_.kind == PgOutputMessage::Kind::insert   ? ChangeOp::insert
             : message_.kind == PgOutputMessage::Kind::update ? ChangeOp::update
                                                              : ChangeOp::remove;
  if (message_.old_kind != PgOutputMessage::OldRow::none) {
    const bool key_only = message_.old_kind == PgOutputMessage::OldRow::key || relation.root_for_leaves;
    FLUSSO_TRY(RelationMap::project(relation, message_.old_row, key_only, old_fields_));
    event.old_fields = &old_fields_;
  }
  if (event.op != ChangeOp::remove) {
    FLUSSO_TRY(RelationMap::project(relation, message_.new_row, false, new_fields_));
    event.new_fields = &new_fields_;
  }
  return CaptureEvent{event};
}

std::optional<CaptureEvent> WalCapture::truncate_event() const {
  CaptureGap event;
  for (const std::uint32_t oid : message_.relations) {
    for (const MappedRelation& relation : relations_.find(oid)) {
      const TableGap gap{relation.table, GapReason::truncated, {}};
      if (std::find(event.gaps.begin(), event.gaps.end(), gap) == event.gaps.end()) event.gaps.push_back(gap);
    }
  }
  if (event.gaps.empty()) return std::nullopt;
  return CaptureEvent{std::move(event)};
}

std::unique_ptr<ChangeCapture> make_capture(const PgSourceOptions& options, const Plan& plan) {
  return std::make_unique<WalCapture>(options, plan);
}

}  // namespace flusso::pg
