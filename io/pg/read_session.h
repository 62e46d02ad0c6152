#pragma once
// A lane's connection for reading: made when needed, thrown away after an error that broke it, with planner settings
// for statements that always start from keys. Thread: one.

#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "io/pg/conn.h"
#include "io/pg/pg_source.h"
#include "model/plan.h"

namespace flusso::pg {

class ReadSession {
 public:
  // `role` ends the application_name.
  ReadSession(const PgSourceOptions& options, const Plan& plan, const char* role, Millis statement_timeout,
              Millis lock_timeout = Millis{0});

  // A usable connection whose waits end with `stop`. Errors: those of Conn::connect; cancelled.
  Result<Conn*> use(std::stop_token stop);
  void drop() { conn_.reset(); }
  Millis statement_timeout() const { return params_.statement_timeout; }

 private:
  ConnParams params_;
  std::optional<Conn> conn_;
};

// The planner settings of such a session, by name.
std::vector<std::pair<std::string, std::string>> planner_settings();
// The search_path of such a session, which raw filters see: built-in names, the roots' schemas, public.
std::vector<std::string> search_path_of(const Plan& plan);

inline constexpr const char* kBeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
// LOCK TABLE … IN ACCESS SHARE MODE over those of the tables that can be locked; empty if none can.
std::string lock_sql(const std::vector<TableRef>& tables, const Plan& plan);

// The error of a statement that began at `begun`: one that ran into our own statement_timeout, which its SQLSTATE does
// not tell from a cancel by somebody else, gets the code pg.statement_timeout; one that waited for a lock on `tables`
// names the processes that hold it or stand in line before us.
Error explain_timeout(Error error, SteadyTime begun, ReadSession& session, const std::vector<TableRef>& tables);

// True for errors that a smaller statement may not have: statement and lock timeouts.
bool is_timeout(const Error& error);

}  // namespace flusso::pg
