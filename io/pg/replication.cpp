#include "io/pg/replication.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include "io/pg/quote.h"
#include "io/pg/sqlstate.h"

namespace flusso::pg {
namespace {

constexpr std::int64_t kPostgresEpochMicros = 946684800LL * 1000 * 1000;  // 2000-01-01 in Unix time

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

void append_big_endian(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xFFU);
}

Error lost(const Conn& conn) {
  const std::string_view message = PQerrorMessage(conn.raw());
  return Error{
      ErrorKind::transient, code_of_sqlstate(kConnectionLost),
      fmt::format("lost the replication connection to {}: {}", conn.target(), message.substr(0, message.find('\n')))};
}

Result<ReplicationFrame> parse(std::string_view bytes) {
  ReplicationFrame frame;
  if (bytes.size() >= 25 && bytes[0] == 'w') {
    frame.position = Lsn{big_endian(bytes.substr(1, 8))};
    frame.payload = bytes.substr(25);
    return frame;
  }
  if (bytes.size() == 18 && bytes[0] == 'k') {
    frame.keepalive = true;
    frame.position = Lsn{big_endian(bytes.substr(1, 8))};
    frame.reply_requested = bytes[17] != 0;
    return frame;
  }
  return fail(ErrorKind::permanent, "pg.protocol", "malformed frame in the replication stream");
}

}  // namespace

void FreeCopyBuffer::operator()(char* buffer) const noexcept { PQfreemem(buffer); }

Result<ReplicationStream> ReplicationStream::start(Conn conn, const std::string& slot,
                                                   const std::vector<std::string>& publications, Lsn from,
                                                   Streaming streaming) {
  const std::string command =
      fmt::format("START_REPLICATION SLOT {} LOGICAL {} ({}, publication_names {})", quote_identifier(slot), from,
                  streaming == Streaming::on ? "proto_version '2', streaming 'on'" : "proto_version '1'",
                  quote_replication_option(quote_identifier_list(publications)));
  PGconn* pg = conn.raw();
  if (PQsendQuery(pg, command.c_str()) == 0) return fail(lost(conn));
  while (PQflush(pg) == 1 || PQisBusy(pg) != 0) {
    FLUSSO_TRY(conn.wait_readable(std::chrono::steady_clock::now() + Millis(100)));
    if (PQconsumeInput(pg) == 0) break;
  }
  const ResultHandle result(PQgetResult(pg));
  if (!result) return fail(lost(conn));
  if (PQresultStatus(result.get()) != PGRES_COPY_BOTH)
    return fail(in_context(fmt::format("starting replication from slot \"{}\"", slot), error_of(result.get(), pg)));
  return ReplicationStream(std::move(conn));
}

Error ReplicationStream::ended() {
  PGconn* pg = conn_.raw();
  std::optional<Error> failure;
  // At most a handful of results follow; a lost connection repeats its error for ever, hence the bound.
  for (int i = 0; i < 8; ++i) {
    const ResultHandle result(PQgetResult(pg));
    if (!result) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_FATAL_ERROR || status == PGRES_NONFATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      failure = error_of(result.get(), pg);
      break;
    }
    if (status == PGRES_COPY_IN) PQputCopyEnd(pg, nullptr);  // the server ended its half; end ours
    if (PQstatus(pg) != CONNECTION_OK) break;
  }
  if (failure) return in_context("the replication stream ended", std::move(*failure));
  if (PQstatus(pg) != CONNECTION_OK) return lost(conn_);
  return Error{ErrorKind::transient, "pg.stream_ended",
               "the server ended the replication stream (is it shutting down?)"};
}

Result<bool> ReplicationStream::fetch() {
  char* buffer = nullptr;
  const int length = PQgetCopyData(conn_.raw(), &buffer, 1);
  if (length == 0) return false;
  if (length < 0) return fail(ended());
  std::unique_ptr<char, FreeCopyBuffer> owned(buffer);
  FLUSSO_TRY_ASSIGN(frame_, parse(std::string_view(buffer, static_cast<std::size_t>(length))));
  frame_->buffer = std::move(owned);
  return true;
}

Result<const ReplicationFrame*> ReplicationStream::front() {
  if (frame_) return &*frame_;
  FLUSSO_TRY_ASSIGN(bool there, fetch());
  if (!there) {
    if (PQconsumeInput(conn_.raw()) == 0) return fail(ended());
    FLUSSO_TRY_ASSIGN(there, fetch());
  }
  return there ? &*frame_ : nullptr;
}

ReplicationFrame ReplicationStream::take() {
  ReplicationFrame taken = std::move(*frame_);
  frame_.reset();
  return taken;
}

Status ReplicationStream::wait(SteadyTime deadline, int wake_fd) {
  FLUSSO_TRY(conn_.wait_readable(deadline, wake_fd));
  return {};
}

Status ReplicationStream::wait_unread(SteadyTime deadline, int wake_fd) { return conn_.wait_woken(deadline, wake_fd); }

Status ReplicationStream::send_feedback(Lsn received, Lsn durable) {
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  std::string update = "r";
  append_big_endian(update, received.value);
  append_big_endian(update, durable.value);
  append_big_endian(update, durable.value);
  append_big_endian(update, static_cast<std::uint64_t>(now - kPostgresEpochMicros));
  update += '\0';
  // 34 bytes fit any socket buffer unless the peer is gone; what does not leave now leaves with the next update.
  if (PQputCopyData(conn_.raw(), update.data(), static_cast<int>(update.size())) < 0 || PQflush(conn_.raw()) < 0)
    return fail(ended());
  return {};
}

void ReplicationStream::finish(Millis at_most) noexcept {
  conn_.bind({});  // the goodbye is bounded by time, not by a stop request that may have caused it
  PGconn* pg = conn_.raw();
  const SteadyTime deadline = std::chrono::steady_clock::now() + at_most;
  if (PQputCopyEnd(pg, nullptr) < 0) return;
  while (PQstatus(pg) == CONNECTION_OK && std::chrono::steady_clock::now() < deadline) {
    const bool flushed = PQflush(pg) == 0;
    char* buffer = nullptr;
    const int length = PQgetCopyData(pg, &buffer, 1);
    PQfreemem(buffer);
    if (length < 0 && flushed) break;
    if (length > 0) continue;
    const auto ready = conn_.wait_readable(std::min(deadline, std::chrono::steady_clock::now() + Millis(20)));
    if (!ready) break;
    if (*ready && PQconsumeInput(pg) == 0) break;
  }
  conn_.close();
}

}  // namespace flusso::pg
