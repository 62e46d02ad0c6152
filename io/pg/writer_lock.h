#pragma once
// One writer per slot name and database: a session lock on a connection of its own. It ends with the process, and with
// the host within about eleven seconds, because the server probes the connection; a leader whose network is cut stops
// by itself before that: it asks every two seconds and takes silence of four for an end. Whoever finds the lock lost
// must stop sending at once.
//
// A standby keeps its connection and asks again; it never waits inside of the server, where a statement that waits
// holds back VACUUM. Thread: one.

#include <stop_token>
#include <string>

#include "io/pg/conn.h"
#include "model/config/secret.h"
#include "model/result.h"

namespace flusso::pg {

class WriterLock {
 public:
  // Connects; holds nothing yet. Errors: as Conn::connect.
  static Result<WriterLock> open(const Secret& url, const std::string& slot, std::stop_token stop = {});
  // Both in one step. Errors: as open() and take().
  static Result<WriterLock> try_acquire(const Secret& url, const std::string& slot, std::stop_token stop = {});
  // Takes the lock if nobody holds it; asking again is cheap. Errors: transient pg.locked, naming the process that
  // holds it; transient pg.in_recovery on a standby; pg.08006 when the connection is gone, then usable() is false.
  Status take();
  bool usable() const { return conn_.usable(); }
  // Asks the server; true when the session, and the lock with it, is gone or the server does not answer in time.
  bool lost();

 private:
  WriterLock(Conn conn, std::string slot) : conn_(std::move(conn)), slot_(std::move(slot)) {}
  Conn conn_;
  std::string slot_;
};

}  // namespace flusso::pg
