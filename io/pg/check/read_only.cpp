#include "io/pg/check/read_only.h"

#include "io/pg/quote.h"
#include "io/pg/read_session.h"

namespace flusso::pg {
namespace {

constexpr Millis kCheckTimeout{30000};
constexpr Millis kCheckLockTimeout{5000};

}  // namespace

Result<ReadOnlySession> ReadOnlySession::open(const PgSourceOptions& options) {
  ConnParams params;
  params.url = options.url;
  params.application_name = "flusso:check";
  params.statement_timeout = kCheckTimeout;
  params.lock_timeout = kCheckLockTimeout;
  params.settings = {{"default_transaction_read_only", "on"}};
  FLUSSO_TRY_ASSIGN(Conn conn, Conn::connect(params, options.stop));
  ReadOnlySession session(std::move(conn));
  FLUSSO_TRY(session.conn_->exec("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"));
  return session;
}

ReadOnlySession::~ReadOnlySession() {
  if (conn_ && conn_->usable()) (void)conn_->exec("ROLLBACK");
}

Result<Rows> ReadOnlySession::ask(const std::string& sql, const Params& params) {
  FLUSSO_TRY(conn_->exec("SAVEPOINT flusso_check"));
  auto rows = conn_->exec_params(sql, params);
  if (!rows && !conn_->usable()) return rows;
  FLUSSO_TRY(conn_->exec(rows ? "RELEASE SAVEPOINT flusso_check"
                              : "ROLLBACK TO SAVEPOINT flusso_check; RELEASE SAVEPOINT flusso_check"));
  return rows;
}

Status ReadOnlySession::plan_like_run(const std::vector<std::string>& schemas) {
  FLUSSO_TRY(ask("SELECT pg_catalog.set_config('search_path', $1, true)", {quote_identifier_list(schemas)}));
  for (const auto& [name, value] : planner_settings())
    FLUSSO_TRY(ask("SELECT pg_catalog.set_config($1, $2, true)", {name, value}));
  return {};
}

}  // namespace flusso::pg
