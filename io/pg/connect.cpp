// Opening a connection: everything of Conn that happens once.

#include <fmt/format.h>
#include <poll.h>

#include "io/pg/conn_state.h"
#include "io/pg/conninfo.h"
#include "io/pg/money_locale.h"
#include "io/pg/sqlstate.h"
#include "model/log.h"

namespace flusso::pg {
namespace {

constexpr Logger kConnectLog{"postgres"};
// Between the moment at which the server ends a statement that took too long and the one at which we hear of it.
constexpr Millis kAnswerGrace{15000};

void log_notice(void*, const PGresult* notice) {
  const char* text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
  kConnectLog.debug("notice", kv("text", std::string_view(text == nullptr ? "" : text)));
}

std::string target_of(PGconn* connection) {
  const auto text = [](const char* value) { return std::string_view(value == nullptr ? "" : value); };
  const std::string_view host = text(PQhost(connection));
  const std::string_view port = text(PQport(connection));
  return fmt::format("{}:{}/{}", host.empty() ? "localhost" : host, port.empty() ? "5432" : port,
                     text(PQdb(connection)));
}

struct Expected {
  const char* setting;
  std::string_view value;
};

// Settings that the server reports unasked. A difference means that something between us and the server took the
// startup parameters away.
constexpr Expected kReported[] = {{"DateStyle", "ISO, MDY"},
                                  {"IntervalStyle", "postgres"},
                                  {"TimeZone", "UTC"},
                                  {"client_encoding", "UTF8"},
                                  {"standard_conforming_strings", "on"}};

}  // namespace

Result<Conn> Conn::connect(const ConnParams& params, std::stop_token stop) {
  FLUSSO_TRY_ASSIGN(const ConnInfo info, conninfo_of(params));
  std::vector<const char*> keywords, values;
  for (std::size_t i = 0; i < info.keywords.size(); ++i) {
    keywords.push_back(info.keywords[i].c_str());
    values.push_back(info.values[i].c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);

  auto state = std::make_unique<State>();
  state->bind(std::move(stop));
  state->connection.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
  PGconn* pg = state->pg();
  if (pg == nullptr) return fail(ErrorKind::transient, "pg.53200", "no memory for a Postgres connection");
  PQsetErrorVerbosity(pg, PQERRORS_VERBOSE);
  PQsetNoticeReceiver(pg, &log_notice, nullptr);

  const auto text = [](const char* value) { return std::string(value == nullptr ? "" : value); };
  const auto refused = [&](std::string_view message) {
    return fail(connect_error(message, target_of(pg), text(PQuser(pg)), text(PQdb(pg)),
                              PQconnectionNeedsPassword(pg) != 0, params.replication));
  };
  const SteadyTime deadline = std::chrono::steady_clock::now() + info.connect_timeout;
  PostgresPollingStatusType step = PQstatus(pg) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (step != PGRES_POLLING_OK) {
    if (step == PGRES_POLLING_FAILED) return refused(PQerrorMessage(pg));
    FLUSSO_TRY_ASSIGN(const bool ready, state->wait(step == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline));
    if (!ready) {
      return refused(fmt::format(" failed: no answer within {} s", info.connect_timeout.count() / 1000));
    }
    step = PQconnectPoll(pg);
  }

  PQsetErrorVerbosity(pg, PQERRORS_DEFAULT);
  PQsetnonblocking(pg, 1);
  state->target = target_of(pg);
  state->answer_within = params.answer_within;
  if (state->answer_within.count() == 0 && params.statement_timeout.count() != 0)
    state->answer_within = params.statement_timeout + kAnswerGrace;
  Conn conn(std::move(state));
  if (conn.server_version() < 140000) {
    return fail(ErrorKind::permanent, "pg.version",
                fmt::format("flusso needs PostgreSQL 14 or newer, the server at {} is version {}", conn.target(),
                            text(PQparameterStatus(pg, "server_version"))));
  }
  FLUSSO_TRY_ASSIGN(const Rows session, conn.exec("SELECT pg_catalog.pg_backend_pid()"));
  if (session.integer(0, 0) != PQbackendPID(pg)) {
    return fail(ErrorKind::permanent, "pg.pooler",
                fmt::format("there is a connection pooler at {}; logical replication and session locks need Postgres "
                            "itself: point the source's connection_url past the pooler",
                            conn.target()));
  }
  for (const Expected& expected : kReported) {
    const std::string seen = text(PQparameterStatus(pg, expected.setting));
    if (seen != expected.value) {
      return fail(
          ErrorKind::permanent, "pg.session",
          fmt::format("the session at {} has {} = '{}' although '{}' was asked for; a pooler or proxy in between "
                      "drops startup parameters: connect to Postgres itself",
                      conn.target(), expected.setting, seen, expected.value));
    }
  }
  FLUSSO_TRY_ASSIGN(conn.state_->money, pin_money_locale(conn));
  // Since version 17; our reads end by themselves or by the timeouts that we set.
  if (conn.server_version() >= 170000)
    FLUSSO_TRY(conn.exec("SELECT pg_catalog.set_config('transaction_timeout', '0', false)"));
  // A backend that waits for a lock notices within seconds that we are gone. Not every platform has it.
  if (!conn.exec("SELECT pg_catalog.set_config('client_connection_check_interval', '2s', false)") && !conn.usable())
    return fail(ErrorKind::transient, code_of_sqlstate(kConnectionLost),
                fmt::format("lost the connection to Postgres at {} right after connecting", conn.target()));
  return conn;
}

}  // namespace flusso::pg
