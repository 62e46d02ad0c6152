#pragma once
// The inside of a Conn, shared by the file that connects and the file that runs statements.

#include <libpq-fe.h>

#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "io/pg/conn.h"
#include "io/pg/money_locale.h"
#include "io/pg/waker.h"

namespace flusso::pg {

struct FinishConnection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};

struct Conn::State {
  struct Signal {
    Waker* waker;
    void operator()() const noexcept { waker->signal(); }
  };

  Waker waker;  // outlives on_stop
  std::stop_token stop;
  std::optional<std::stop_callback<Signal>> on_stop;
  std::unique_ptr<PGconn, FinishConnection> connection;
  bool broken = false;
  Millis answer_within{0};  // 0 = no limit
  std::string target;
  MoneyLocale money = MoneyLocale::of_database;
  std::set<std::string, std::less<>> prepared;

  void bind(std::stop_token token);
  PGconn* pg() const { return connection.get(); }

  // Waits for `events` on the socket: true = some are there, false = deadline or wake_fd. Errors: cancelled.
  Result<bool> wait(short events, std::optional<SteadyTime> deadline, int wake_fd = -1) const;
  Error silent() const;
  Error lost() const;  // the connection is gone: marks nothing
  Error break_with(Error error) {
    broken = true;
    return error;
  }
  Status usable_or_error() const;
  Status flush();
  // The next result of what is being executed; null = the statement is complete.
  Result<ResultHandle> next(const Watch* watch = nullptr);
  // All results of one simple or extended query: the last rows, or the first error.
  Result<Rows> collect(const Watch* watch = nullptr);
  Status collect_rows(const RowCallback& on_row);
  Status rollback_if_open();
  // Asks the server, on a connection of its own, to end the running statement: else it may finish after we have gone.
  void cancel_statement() const;
  Error for_prepared(Error error);
};

}  // namespace flusso::pg
