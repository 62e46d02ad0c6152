#pragma once
// The session of `check`: one connection, read only by default and inside one READ ONLY transaction that is rolled back
// in the end. Every question goes through the extended protocol, which takes a single statement: text of a schema file
// cannot end the transaction and begin another. Thread: one.

#include <memory>
#include <string>
#include <vector>

#include "io/pg/conn.h"
#include "io/pg/pg_source.h"

namespace flusso::pg {

class ReadOnlySession {
 public:
  // Errors: those of Conn::connect.
  static Result<ReadOnlySession> open(const PgSourceOptions& options);
  ReadOnlySession(ReadOnlySession&&) noexcept = default;
  ~ReadOnlySession();

  // One statement; after an error the transaction goes on. Errors: the server's.
  Result<Rows> ask(const std::string& sql, const Params& params = {});
  // From now on statements are planned as `run` plans them: its search_path and its planner settings.
  Status plan_like_run(const std::vector<std::string>& schemas);
  // For functions that ask questions of their own.
  Conn& conn() { return *conn_; }

 private:
  explicit ReadOnlySession(Conn conn) : conn_(std::make_unique<Conn>(std::move(conn))) {}
  std::unique_ptr<Conn> conn_;  // empty after a move
};

}  // namespace flusso::pg
