#include "io/pg/writer_lock.h"

#include <fmt/format.h>

#include "io/pg/preflight.h"

namespace flusso::pg {
namespace {

// Less than the time after which the server gives a silent session up (five seconds and three probes).
constexpr Millis kAnswerWithin{4000};

// NULL on a standby, whose locks bind nobody on the primary.
constexpr const char* kTake =
    "SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN "
    "pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, 0)) END";

// The process that holds the lock: a 64-bit advisory key stands in pg_locks as two halves.
constexpr const char* kHolder =
    "SELECT a.pid, a.application_name FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid), "
    "(SELECT pg_catalog.hashtextextended($1, 0) AS key) k "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
    "AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) "
    "AND l.classid::bigint = ((k.key >> 32) & 4294967295) AND l.objid::bigint = (k.key & 4294967295)";

}  // namespace

Result<WriterLock> WriterLock::open(const Secret& url, const std::string& slot, std::stop_token stop) {
  ConnParams params;
  params.url = url;
  params.application_name = fmt::format("flusso:{}:lock", slot);
  params.statement_timeout = Millis(10000);
  params.answer_within = kAnswerWithin;
  params.settings = {{"tcp_keepalives_idle", "5"},
                     {"tcp_keepalives_interval", "2"},
                     {"tcp_keepalives_count", "3"},
                     {"tcp_user_timeout", "10000"}};
  FLUSSO_TRY_ASSIGN(Conn conn, Conn::connect(params, std::move(stop)));
  return WriterLock(std::move(conn), slot);
}

Result<WriterLock> WriterLock::try_acquire(const Secret& url, const std::string& slot, std::stop_token stop) {
  FLUSSO_TRY_ASSIGN(WriterLock lock, open(url, slot, std::move(stop)));
  FLUSSO_TRY(lock.take());
  return lock;
}

Status WriterLock::take() {
  const std::string key = "flusso:" + slot_;
  FLUSSO_TRY_ASSIGN(const Rows taken, conn_.exec_params(kTake, {key}));
  if (taken.is_null(0, 0)) return fail(is_standby(conn_.target()));
  if (taken.boolean(0, 0)) return {};

  std::string holder = "another process";
  if (const auto rows = conn_.exec_params(kHolder, {key}); rows && !rows->empty())
    holder = fmt::format("process {} ({})", rows->text(0, 0), rows->text(0, 1));
  return fail(ErrorKind::transient, "pg.locked",
              fmt::format("another flusso already works with slot \"{}\" on {}: {} holds its lock", slot_,
                          conn_.target(), holder));
}

bool WriterLock::lost() { return !conn_.usable() || !conn_.exec("SELECT 1").has_value(); }

}  // namespace flusso::pg
