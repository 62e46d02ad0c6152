#pragma once
// One connection to Postgres whose blocking calls can be interrupted: libpq's asynchronous functions plus poll() on
// {socket, eventfd}. Session settings that change how a value is written are pinned at connect through the startup
// parameter `options`, so that defaults of a role or a database cannot win, and are checked afterwards.
//
// After an error that leaves the protocol in the middle of something (connection lost, interrupted, a row callback that
// failed) usable() is false and the connection must be thrown away. libpq's types stay out of this header.
// Thread: one. Strings of errors never hold the password.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "io/pg/result.h"
#include "model/clock.h"
#include "model/config/secret.h"
#include "model/result.h"

struct pg_conn;

namespace flusso::pg {

struct ConnParams {
  Secret url;                    // postgres://… or key=value pairs; every libpq option works
  std::string application_name;  // "flusso:<slot>:<role>"
  bool replication = false;      // a walsender connection to the database
  Millis statement_timeout{0};   // 0 = none
  Millis lock_timeout{0};
  Millis idle_in_transaction_timeout{60000};
  // A server that says nothing for longer than this is given up, although the network does not tell that it is gone.
  // 0 = statement_timeout and a while, none without one.
  Millis answer_within{0};
  std::string search_path = "pg_catalog";
  std::vector<std::pair<std::string, std::string>> settings;  // further ones, pinned the same way
};

// One bound value as text; absent = NULL. A NUL byte inside is refused with pg.nul_byte.
using Param = std::optional<std::string>;
using Params = std::vector<Param>;
using TypeOids = std::vector<std::uint32_t>;  // 0 or missing = let the server infer

// Receives one row at a time: `row` is 0 in `rows`.
using RowCallback = std::function<Status(const Rows& rows)>;

// One statement of a pipeline.
struct Statement {
  std::string sql;  // or, with `prepared`, the name of a statement prepared on this connection
  Params params;
  TypeOids types;
  bool prepared = false;
  RowCallback on_row;  // set: rows arrive one by one and the statement's entry in the answer stays empty
};

// Called every `every` while a statement runs, e.g. to say what it waits for. Must not use the same connection.
struct Watch {
  Millis every{5000};
  std::function<void()> tick;
};

class Conn {
 public:
  // Connects and checks the session. Errors: transient pg.08001 (unreachable), config pg.28P01, pg.28000, pg.3D000,
  // permanent pg.pooler, pg.session; each names host, port and database, and the cure. Waits at most connect_timeout
  // (default 10 s).
  static Result<Conn> connect(const ConnParams& params, std::stop_token stop = {});
  Conn(Conn&&) noexcept;
  Conn& operator=(Conn&&) noexcept;
  ~Conn();

  // The token that ends waits from now on with `cancelled`.
  void bind(std::stop_token stop);
  bool usable() const;
  // Closes at once; usable() is false afterwards.
  void close();
  // "host:port/database", for sentences.
  const std::string& target() const;
  int server_version() const;  // 150004
  int backend_pid() const;
  // False when the role's lc_monetary hides the server's from us: money is then read with two digits.
  bool knows_money_locale() const;
  pg_conn* raw() const;  // for io/pg only

  // Simple protocol: may hold several statements; returns the rows of the last one. With a watch, a stop request also
  // ends the statement on the server, which takes another short connection.
  Result<Rows> exec(const std::string& sql, const Watch* watch = nullptr);
  Result<Rows> exec_params(const std::string& sql, const Params& params, const TypeOids& types = {});
  // Prepares once per connection and name; later calls with the same name do nothing.
  Status prepare(const std::string& name, const std::string& sql, const TypeOids& types = {});
  // A plan made stale by DDL (0A000) is reported as transient and makes the connection unusable: reconnect and retry.
  Result<Rows> exec_prepared(const std::string& name, const Params& params);
  // Rows one by one as they arrive. An error of `on_row` ends the call with it and makes the connection unusable.
  Status each_row(const std::string& sql, const Params& params, const TypeOids& types, const RowCallback& on_row);
  Status each_row_prepared(const std::string& name, const Params& params, const RowCallback& on_row);

  // All statements in one round trip (pipeline mode), results in order. The first error ends it; an open transaction is
  // then rolled back and the connection stays usable. No COPY in here. An error of an on_row makes the connection
  // unusable.
  Result<std::vector<Rows>> pipeline(const std::vector<Statement>& statements);

  // Runs `sql` (simple protocol, several statements allowed, e.g. BEGIN; LOCK …; SELECT …; COPY … TO STDOUT; COMMIT),
  // gives rows of ordinary statements to `on_rows` and each CopyData message to `on_data` (valid during the call). An
  // error of a callback ends the call with it and makes the connection unusable. After an error of the server an open
  // transaction is rolled back.
  Status copy_out(const std::string& sql, const RowCallback& on_rows,
                  const std::function<Status(std::string_view data)>& on_data);

  // Waits until the socket is readable (true), `deadline` has passed (false), or stop is requested (cancelled).
  // `wake_fd` >= 0 is polled too and ends the wait with false.
  Result<bool> wait_readable(SteadyTime deadline, int wake_fd = -1);
  // The same without the socket.
  Status wait_woken(SteadyTime deadline, int wake_fd);

 private:
  struct State;
  explicit Conn(std::unique_ptr<State> state);
  Status copy_data(const std::function<Status(std::string_view data)>& on_data);
  std::unique_ptr<State> state_;
};

// The error of a failed result: kind and code from its SQLSTATE, the server's primary message and hint.
Error error_of(const pg_result* result, const pg_conn* connection);

}  // namespace flusso::pg
