#include "io/pg/pg_slot_monitor.h"

#include <fmt/format.h>

#include "io/pg/slot.h"

namespace flusso::pg {
namespace {

constexpr Millis kLookTimeout{5000};

// A standby has no present position to write at; it cannot hold the slot that we use either.
constexpr const char* kHealth =
    "SELECT s.confirmed_flush_lsn, s.wal_status, pg_catalog.to_jsonb(s) ->> 'invalidation_reason', s.safe_wal_size, "
    "greatest(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn), 0)::bigint, "
    "greatest(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.confirmed_flush_lsn), 0)::bigint "
    "FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1 AND NOT pg_catalog.pg_is_in_recovery()";
constexpr const char* kBeat = "SELECT pg_catalog.pg_logical_emit_message(true, 'flusso', 'heartbeat')";

}  // namespace

Result<Conn*> PgSlotMonitor::conn(std::stop_token stop) {
  if (!conn_ || !conn_->usable()) {
    ConnParams params;
    params.url = options_.url;
    params.application_name = fmt::format("flusso:{}:watch", options_.slot);
    params.statement_timeout = kLookTimeout;
    FLUSSO_TRY_ASSIGN(conn_, Conn::connect(params, stop));
  }
  conn_->bind(std::move(stop));
  return &*conn_;
}

Result<SlotHealth> PgSlotMonitor::look(std::stop_token stop) {
  FLUSSO_TRY_ASSIGN(Conn * conn, this->conn(std::move(stop)));
  FLUSSO_TRY_ASSIGN(const Rows rows, conn->exec_params(kHealth, {options_.slot}));
  SlotHealth health;
  if (rows.empty()) return health;
  SlotInfo info;
  info.wal_status = rows.string(0, 1);
  info.cause = rows.string(0, 2);
  health.exists = true;
  health.confirmed_flush = rows.lsn(0, 0);
  health.invalid = why_invalid(info);
  health.wal_status = info.wal_status;
  if (!rows.is_null(0, 3)) health.safe_wal_bytes = rows.integer(0, 3);
  health.retained_bytes = rows.unsigned_integer(0, 4);
  health.lag_bytes = rows.unsigned_integer(0, 5);
  return health;
}

Status PgSlotMonitor::beat(std::stop_token stop) {
  FLUSSO_TRY_ASSIGN(Conn * conn, this->conn(std::move(stop)));
  FLUSSO_TRY(conn->exec(kBeat));
  return {};
}

std::unique_ptr<SlotMonitor> make_slot_monitor(const PgSourceOptions& options) {
  return std::make_unique<PgSlotMonitor>(options);
}

}  // namespace flusso::pg
