#include "io/pg/identity_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pg/preflight.h"
#include "io/pg/quote.h"
#include "model/log.h"

namespace flusso::pg {
namespace {

constexpr Logger kIdentityLog{"source"};
constexpr int kAttempts = 3;
constexpr const char* kSetLockTimeout = "SET lock_timeout = '2s'";

constexpr const char* kMayBeLarge =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped "
    "AND "
    "attstorage <> 'p')";

bool carries(const TableInfo& table, const KeyColumns& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
    return std::find(table.identity_columns.begin(), table.identity_columns.end(), name) !=
           table.identity_columns.end();
  });
}

// The statement; empty when none is cheap.
Result<std::string> statement(Conn& conn, const TableInfo& table, const KeyColumns& wanted) {
  if (const UniqueIndex* index = fitting_index(table, wanted))
    return fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX {}", quote_table(table.table),
                       quote_identifier(index->name));
  FLUSSO_TRY_ASSIGN(const Rows large, conn.exec_params(kMayBeLarge, {fmt::format("{}", table.oid)}));
  if (large.boolean(0, 0)) return std::string();
  return fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL", quote_table(table.table));
}

Result<bool> widen(Conn& conn, const TableInfo& table, const KeyColumns& wanted, const std::stop_token& stop) {
  if (carries(table, wanted)) return false;
  FLUSSO_TRY_ASSIGN(const std::string sql, statement(conn, table, wanted));
  if (sql.empty()) {
    kIdentityLog.warn(
        "a replica identity is left as it is: no index fits, and a full one would write large columns twice",
        kv("table", to_text(table.table)));
    return false;
  }
  for (int attempt = 1; !stop.stop_requested(); ++attempt) {
    const auto done = conn.exec(sql);
    if (done) {
      kIdentityLog.info("replica identity set", kv("sql", sql));
      return true;
    }
    if (!conn.usable() || done.error().kind == ErrorKind::cancelled) return fail(done.error());
    if (done.error().code == "pg.55P03" && attempt < kAttempts) continue;
    kIdentityLog.warn("a replica identity cannot be set", kv("sql", sql), kv("reason", done.error().what));
    return false;
  }
  return fail(ErrorKind::cancelled, "pg.cancelled", "stopped while setting replica identities");
}

Result<bool> widen_all(Conn& conn, const Plan& plan, const std::stop_token& stop) {
  bool changed = false;
  for (const TablePlan& table : plan.tables) {
    KeyColumns untraced = untraced_columns(table);
    if (untraced.empty()) continue;
    const KeyColumns wanted = with_all_lookups(plan, table, std::move(untraced));
    const std::vector<TableInfo> itself{table.info};
    for (const TableInfo& one : table.info.kind == 'p' ? table.info.leaves : itself) {
      FLUSSO_TRY_ASSIGN(const bool widened, widen(conn, one, wanted, stop));
      changed = changed || widened;
    }
  }
  return changed;
}

}  // namespace

Result<bool> widen_identities(Conn& conn, const Plan& plan, const std::stop_token& stop) {
  FLUSSO_TRY_ASSIGN(const Rows before, conn.exec("SHOW lock_timeout"));
  FLUSSO_TRY(conn.exec(kSetLockTimeout));
  auto changed = widen_all(conn, plan, stop);
  if (conn.usable()) FLUSSO_TRY(conn.exec("SET lock_timeout = " + quote_literal(before.string(0, 0))));
  return changed;
}

}  // namespace flusso::pg
