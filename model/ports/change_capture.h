#pragma once
// What happened in the source, in commit order. Postgres: io/pg/wal_capture.

#include <variant>

#include "model/change.h"
#include "model/clock.h"
#include "model/ids.h"
#include "model/result.h"

namespace flusso {

struct CaptureBegin {
  Xid xid;
};
struct CaptureCommit {
  Xid xid;
  Lsn end_lsn;  // the commit record's end: the only kind of position that is ever confirmed
};
// The server's position when nothing of ours lies before it any more. `reply_requested`: the server waits for our
// flush position (it may be shutting down).
struct CaptureKeepalive {
  Lsn lsn;
  bool reply_requested = false;
};
// Inside a transaction; the gaps' xid is filled in by who reads on.
struct CaptureGap {
  std::vector<TableGap> gaps;
};
struct CaptureNothing {};  // nothing arrived in time

using CaptureEvent = std::variant<CaptureNothing, CaptureBegin, RowEvent, CaptureGap, CaptureCommit, CaptureKeepalive>;

// Thread: start, next and keep_alive by one thread (capture); confirm from any thread.
class ChangeCapture {
 public:
  virtual ~ChangeCapture() = default;
  // Opens the stream at the slot's confirmed position and returns that position.
  virtual Result<Lsn> start() = 0;
  // The next event; waits at most `wait` for one. Sends feedback whenever it is due. RowEvents of tables outside the
  // plan are not reported. Errors: transient when the connection is lost.
  virtual Result<CaptureEvent> next(Millis wait) = 0;
  // True when another event can be had without waiting on the network.
  virtual bool readable() = 0;
  // Sends feedback if due without reading; waits at most `wait` or until confirm() is called. For use while intake is
  // paused.
  virtual Status keep_alive(Millis wait) = 0;
  // Documents of everything up to `lsn` are durable: report it as flushed, now. Monotone; wakes next() and
  // keep_alive().
  virtual void confirm(Lsn lsn) noexcept = 0;
  // Ends a waiting next()/keep_alive() early. Thread: any.
  virtual void wake() noexcept = 0;
  // Sends the last feedback and ends the stream cleanly. Thread: capture.
  virtual void finish() noexcept = 0;
};

}  // namespace flusso
