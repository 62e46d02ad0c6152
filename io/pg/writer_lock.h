#pragma once
// One writer per slot name and database: a session lock on a connection of its own. It ends with the process, and with
// the host within about twenty seconds, because the server probes the connection. Whoever finds it lost must stop
// sending at once. Thread: one.

#include <stop_token>
#include <string>

#include "io/pg/conn.h"
#include "model/config/secret.h"
#include "model/result.h"

namespace flusso::pg {

class WriterLock {
 public:
  // Errors: transient pg.locked, naming the process that holds it; else as Conn::connect.
  static Result<WriterLock> try_acquire(const Secret& url, const std::string& slot, std::stop_token stop = {});
  // Asks the server; true when the session, and the lock with it, is gone. Blocks for a round trip, with a dead network
  // for ten seconds at most.
  bool lost();

 private:
  explicit WriterLock(Conn conn) : conn_(std::move(conn)) {}
  Conn conn_;
};

}  // namespace flusso::pg
