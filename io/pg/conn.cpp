#include "io/pg/conn.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "io/pg/conn_state.h"
#include "io/pg/sqlstate.h"

namespace flusso::pg {
namespace {

Error cancelled() { return Error{ErrorKind::cancelled, "pg.cancelled", "stopped while talking to Postgres"}; }

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

// Pointers to bound values, as libpq wants them.
struct Bound {
  std::vector<const char*> values;
  const char* const* data() const { return values.empty() ? nullptr : values.data(); }
  int size() const { return static_cast<int>(values.size()); }
};

Result<Bound> bound(const Params& params) {
  Bound out;
  out.values.reserve(params.size());
  for (const Param& param : params) {
    if (param && param->find('\0') != std::string::npos)
      return fail(ErrorKind::permanent, "pg.nul_byte", "a value to be sent to Postgres contains a NUL byte");
    out.values.push_back(param ? param->c_str() : nullptr);
  }
  return out;
}

TypeOids padded(TypeOids types, std::size_t count) {
  types.resize(count, 0);
  return types;
}

}  // namespace

Error error_of(const pg_result* result, const pg_conn* connection) {
  const auto field = [&](int code) {
    const char* text = PQresultErrorField(result, code);
    return std::string(text == nullptr ? "" : text);
  };
  const std::string state = field(PG_DIAG_SQLSTATE);
  if (state.empty()) {
    const bool gone = connection == nullptr || PQstatus(connection) != CONNECTION_OK;
    return Error{gone ? ErrorKind::transient : ErrorKind::permanent,
                 gone ? code_of_sqlstate(kConnectionLost) : "pg.protocol", first_line(PQresultErrorMessage(result))};
  }
  std::string what = field(PG_DIAG_MESSAGE_PRIMARY);
  if (const std::string hint = field(PG_DIAG_MESSAGE_HINT); !hint.empty()) what += " (" + hint + ")";
  return Error{kind_of_sqlstate(state), code_of_sqlstate(state), std::move(what)};
}

void Conn::State::bind(std::stop_token token) {
  on_stop.reset();
  waker.drain();
  stop = std::move(token);
  on_stop.emplace(stop, Signal{&waker});
}

Result<bool> Conn::State::wait(short events, std::optional<SteadyTime> deadline, int wake_fd) const {
  std::array<pollfd, 3> polled{
      {{events == 0 ? -1 : PQsocket(pg()), events, 0}, {waker.fd(), POLLIN, 0}, {wake_fd, POLLIN, 0}}};
  while (true) {
    if (stop.stop_requested()) return fail(cancelled());
    int timeout_ms = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<Millis>(*deadline - std::chrono::steady_clock::now()).count();
      timeout_ms = static_cast<int>(std::clamp<long long>(left, 0, 1000LL * 3600));
    }
    const int ready = ::poll(polled.data(), wake_fd >= 0 ? 3 : 2, timeout_ms);
    if (ready < 0 && errno != EINTR) return fail(ErrorKind::bug, "pg.poll", "poll() on a Postgres socket failed");
    if (stop.stop_requested()) return fail(cancelled());
    if (ready < 0) continue;
    if (polled[0].revents != 0) return true;
    if (wake_fd >= 0 && polled[2].revents != 0) return false;
    if (ready == 0) return false;
  }
}

Error Conn::State::lost() const {
  return Error{ErrorKind::transient, code_of_sqlstate(kConnectionLost),
               fmt::format("lost the connection to Postgres at {}: {}", target, first_line(PQerrorMessage(pg())))};
}

Error Conn::State::silent() const {
  return Error{ErrorKind::transient, code_of_sqlstate(kConnectionLost),
               fmt::format("Postgres at {} has not answered for {} s; the connection is given up", target,
                           answer_within.count() / 1000)};
}

Status Conn::State::usable_or_error() const {
  if (!connection || broken)
    return fail(ErrorKind::transient, code_of_sqlstate(kConnectionLost),
                fmt::format("the connection to Postgres at {} was given up earlier", target));
  return {};
}

Status Conn::State::flush() {
  while (true) {
    const int left = PQflush(pg());
    if (left == 0) return {};
    if (left < 0) return fail(break_with(lost()));
    if (auto ready = wait(POLLIN | POLLOUT, std::nullopt); !ready) return fail(break_with(std::move(ready).error()));
    // A send that fails half-way leaves the server's own words in the input: they are read as a result later.
    if (PQconsumeInput(pg()) == 0) return {};
  }
}

Result<ResultHandle> Conn::State::next(const Watch* watch) {
  std::optional<SteadyTime> tick;
  if (watch != nullptr) tick = std::chrono::steady_clock::now() + watch->every;
  if (watch == nullptr && answer_within.count() != 0) tick = std::chrono::steady_clock::now() + answer_within;
  while (PQisBusy(pg()) != 0) {
    auto ready = wait(POLLIN, tick);
    if (!ready) return fail(break_with(std::move(ready).error()));
    if (!*ready && watch == nullptr) return fail(break_with(silent()));
    if (!*ready) {
      watch->tick();
      tick = std::chrono::steady_clock::now() + watch->every;
      continue;
    }
    if (PQconsumeInput(pg()) == 0) break;  // PQgetResult tells why, with the server's last message if there was one
    if (watch == nullptr && tick) tick = std::chrono::steady_clock::now() + answer_within;
  }
  return ResultHandle(PQgetResult(pg()));
}

Result<Rows> Conn::State::collect(const Watch* watch) {
  Rows rows;
  std::optional<Error> failure;
  while (true) {
    FLUSSO_TRY_ASSIGN(ResultHandle result, next(watch));
    if (!result) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_TUPLES_OK:
      case PGRES_COMMAND_OK:
      case PGRES_EMPTY_QUERY:
        rows = Rows(std::move(result));
        break;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        return fail(break_with(
            Error{ErrorKind::bug, "pg.unexpected_copy", "a statement began a COPY where none was expected"}));
      default:
        if (!failure) failure = error_of(result.get(), pg());
        break;
    }
    if (PQstatus(pg()) != CONNECTION_OK && failure) break;
  }
  if (PQstatus(pg()) != CONNECTION_OK) broken = true;
  if (failure) return fail(std::move(*failure));
  return rows;
}

Status Conn::State::collect_rows(const RowCallback& on_row) {
  std::optional<Error> failure;
  while (true) {
    FLUSSO_TRY_ASSIGN(ResultHandle result, next());
    if (!result) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_SINGLE_TUPLE) {
      if (stop.stop_requested()) return fail(break_with(cancelled()));
      if (auto taken = on_row(Rows(std::move(result))); !taken) return fail(break_with(std::move(taken).error()));
    } else if (status == PGRES_PIPELINE_ABORTED) {
      if (!failure)
        failure = Error{ErrorKind::bug, "pg.pipeline_aborted", "skipped after an error in the same pipeline"};
    } else if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
      if (!failure) failure = error_of(result.get(), pg());
      if (PQstatus(pg()) != CONNECTION_OK) break;
    }
  }
  if (PQstatus(pg()) != CONNECTION_OK) broken = true;
  if (failure) return fail(std::move(*failure));
  return {};
}

Status Conn::State::rollback_if_open() {
  if (broken || PQtransactionStatus(pg()) == PQTRANS_IDLE) return {};
  if (PQsendQuery(pg(), "ROLLBACK") == 0) return fail(break_with(lost()));
  FLUSSO_TRY(flush());
  FLUSSO_TRY(collect());
  return {};
}

void Conn::State::cancel_statement() const {
  PGcancel* cancel = PQgetCancel(pg());
  char complaint[256];
  PQcancel(cancel, complaint, sizeof complaint);
  PQfreeCancel(cancel);
}

Error Conn::State::for_prepared(Error error) {
  if (error.code != "pg.0A000" && error.code != "pg.26000") return error;
  error.kind = ErrorKind::transient;  // "cached plan must not change result type": a new session plans anew
  return break_with(std::move(error));
}

Conn::Conn(std::unique_ptr<State> state) : state_(std::move(state)) {}
Conn::Conn(Conn&&) noexcept = default;
Conn& Conn::operator=(Conn&&) noexcept = default;
Conn::~Conn() = default;

void Conn::bind(std::stop_token stop) { state_->bind(std::move(stop)); }
bool Conn::usable() const { return state_->connection && !state_->broken; }
void Conn::close() {
  state_->broken = true;
  state_->connection.reset();
}
const std::string& Conn::target() const { return state_->target; }
int Conn::server_version() const { return PQserverVersion(state_->pg()); }
bool Conn::knows_money_locale() const { return state_->money == MoneyLocale::of_database; }
int Conn::backend_pid() const { return PQbackendPID(state_->pg()); }
pg_conn* Conn::raw() const { return state_->pg(); }

Result<Rows> Conn::exec(const std::string& sql, const Watch* watch) {
  FLUSSO_TRY(state_->usable_or_error());
  if (PQsendQuery(state_->pg(), sql.c_str()) == 0) return fail(state_->break_with(state_->lost()));
  FLUSSO_TRY(state_->flush());
  auto rows = state_->collect(watch);
  if (!rows && rows.error().kind == ErrorKind::cancelled && watch != nullptr) state_->cancel_statement();
  return rows;
}

Result<Rows> Conn::exec_params(const std::string& sql, const Params& params, const TypeOids& types) {
  FLUSSO_TRY(state_->usable_or_error());
  FLUSSO_TRY_ASSIGN(const Bound values, bound(params));
  const TypeOids oids = padded(types, params.size());
  if (PQsendQueryParams(state_->pg(), sql.c_str(), values.size(), oids.data(), values.data(), nullptr, nullptr, 0) == 0)
    return fail(state_->break_with(state_->lost()));
  FLUSSO_TRY(state_->flush());
  return state_->collect();
}

Status Conn::prepare(const std::string& name, const std::string& sql, const TypeOids& types) {
  FLUSSO_TRY(state_->usable_or_error());
  if (state_->prepared.contains(name)) return {};
  if (PQsendPrepare(state_->pg(), name.c_str(), sql.c_str(), static_cast<int>(types.size()), types.data()) == 0)
    return fail(state_->break_with(state_->lost()));
  FLUSSO_TRY(state_->flush());
  FLUSSO_TRY(state_->collect());
  state_->prepared.insert(name);
  return {};
}

Result<Rows> Conn::exec_prepared(const std::string& name, const Params& params) {
  FLUSSO_TRY(state_->usable_or_error());
  FLUSSO_TRY_ASSIGN(const Bound values, bound(params));
  if (PQsendQueryPrepared(state_->pg(), name.c_str(), values.size(), values.data(), nullptr, nullptr, 0) == 0)
    return fail(state_->break_with(state_->lost()));
  FLUSSO_TRY(state_->flush());
  auto rows = state_->collect();
  if (!rows) return fail(state_->for_prepared(std::move(rows).error()));
  return rows;
}

Status Conn::each_row(const std::string& sql, const Params& params, const TypeOids& types, const RowCallback& on_row) {
  FLUSSO_TRY(state_->usable_or_error());
  FLUSSO_TRY_ASSIGN(const Bound values, bound(params));
  const TypeOids oids = padded(types, params.size());
  if (PQsendQueryParams(state_->pg(), sql.c_str(), values.size(), oids.data(), values.data(), nullptr, nullptr, 0) == 0)
    return fail(state_->break_with(state_->lost()));
  PQsetSingleRowMode(state_->pg());
  FLUSSO_TRY(state_->flush());
  return state_->collect_rows(on_row);
}

Status Conn::each_row_prepared(const std::string& name, const Params& params, const RowCallback& on_row) {
  FLUSSO_TRY(state_->usable_or_error());
  FLUSSO_TRY_ASSIGN(const Bound values, bound(params));
  if (PQsendQueryPrepared(state_->pg(), name.c_str(), values.size(), values.data(), nullptr, nullptr, 0) == 0)
    return fail(state_->break_with(state_->lost()));
  PQsetSingleRowMode(state_->pg());
  FLUSSO_TRY(state_->flush());
  auto done = state_->collect_rows(on_row);
  if (!done) return fail(state_->for_prepared(std::move(done).error()));
  return done;
}

Result<std::vector<Rows>> Conn::pipeline(const std::vector<Statement>& statements) {
  FLUSSO_TRY(state_->usable_or_error());
  std::vector<Bound> values;
  for (const Statement& statement : statements) {
    FLUSSO_TRY_ASSIGN(Bound one, bound(statement.params));
    values.push_back(std::move(one));
  }
  PGconn* pg = state_->pg();
  if (PQenterPipelineMode(pg) == 0) return fail(state_->break_with(state_->lost()));
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const Statement& statement = statements[i];
    const TypeOids oids = padded(statement.types, statement.params.size());
    const int sent = statement.prepared ? PQsendQueryPrepared(pg, statement.sql.c_str(), values[i].size(),
                                                              values[i].data(), nullptr, nullptr, 0)
                                        : PQsendQueryParams(pg, statement.sql.c_str(), values[i].size(), oids.data(),
                                                            values[i].data(), nullptr, nullptr, 0);
    if (sent == 0) return fail(state_->break_with(state_->lost()));
  }
  if (PQpipelineSync(pg) == 0) return fail(state_->break_with(state_->lost()));
  FLUSSO_TRY(state_->flush());

  std::vector<Rows> answers;
  std::optional<Error> failure;
  for (const Statement& statement : statements) {
    Rows rows;
    Status done;
    if (statement.on_row) {
      PQsetSingleRowMode(pg);
      done = state_->collect_rows(statement.on_row);
    } else {
      auto collected = state_->collect();
      if (collected)
        rows = std::move(*collected);
      else
        done = fail(std::move(collected).error());
    }
    if (!done && !failure)
      failure = statement.prepared ? state_->for_prepared(std::move(done).error()) : std::move(done).error();
    if (failure && state_->broken) return fail(std::move(*failure));
    answers.push_back(std::move(rows));
  }
  FLUSSO_TRY_ASSIGN(const ResultHandle sync, state_->next());
  if (!sync || PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(pg) == 0)
    return fail(state_->break_with(state_->lost()));
  if (failure) {
    FLUSSO_TRY(state_->rollback_if_open());
    return fail(std::move(*failure));
  }
  return answers;
}

Status Conn::copy_out(const std::string& sql, const RowCallback& on_rows,
                      const std::function<Status(std::string_view data)>& on_data) {
  FLUSSO_TRY(state_->usable_or_error());
  PGconn* pg = state_->pg();
  if (PQsendQuery(pg, sql.c_str()) == 0) return fail(state_->break_with(state_->lost()));
  FLUSSO_TRY(state_->flush());
  std::optional<Error> failure;
  while (true) {
    FLUSSO_TRY_ASSIGN(ResultHandle result, state_->next());
    if (!result) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK) {
      if (auto taken = on_rows(Rows(std::move(result))); !taken)
        return fail(state_->break_with(std::move(taken).error()));
    } else if (status == PGRES_COPY_OUT) {
      FLUSSO_TRY(copy_data(on_data));
    } else if (status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
      if (!failure) failure = error_of(result.get(), pg);
      if (PQstatus(pg) != CONNECTION_OK) break;
    }
  }
  if (PQstatus(pg) != CONNECTION_OK) state_->broken = true;
  if (!failure) return {};
  FLUSSO_TRY(state_->rollback_if_open());
  return fail(std::move(*failure));
}

Status Conn::copy_data(const std::function<Status(std::string_view data)>& on_data) {
  PGconn* pg = state_->pg();
  while (true) {
    char* buffer = nullptr;
    const int length = PQgetCopyData(pg, &buffer, 1);
    if (length > 0) {
      const std::unique_ptr<char, decltype(&PQfreemem)> owned(buffer, &PQfreemem);
      if (state_->stop.stop_requested()) return fail(state_->break_with(cancelled()));
      if (auto taken = on_data(std::string_view(buffer, static_cast<std::size_t>(length))); !taken)
        return fail(state_->break_with(std::move(taken).error()));
      continue;
    }
    if (length < 0) return {};  // end of the data, or an error that the next result holds
    if (auto ready = state_->wait(POLLIN, std::nullopt); !ready)
      return fail(state_->break_with(std::move(ready).error()));
    if (PQconsumeInput(pg) == 0) return fail(state_->break_with(state_->lost()));
  }
}

Result<bool> Conn::wait_readable(SteadyTime deadline, int wake_fd) { return state_->wait(POLLIN, deadline, wake_fd); }

Status Conn::wait_woken(SteadyTime deadline, int wake_fd) {
  FLUSSO_TRY(state_->wait(0, deadline, wake_fd));
  return {};
}

}  // namespace flusso::pg
