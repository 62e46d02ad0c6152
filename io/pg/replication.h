#pragma once
// The CopyBoth conversation with a walsender: frames in, status updates out. Knows nothing of pgoutput.
//
//   server → us   'w' start:8 end:8 time:8 payload      a piece of the stream
//                 'k' wal_end:8 time:8 reply:1          keepalive
//   us → server   'r' write:8 flush:8 apply:8 time:8 reply:1
//
// Thread: one (capture).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/pg/conn.h"
#include "model/clock.h"
#include "model/ids.h"
#include "model/result.h"

namespace flusso::pg {

struct FreeCopyBuffer {
  void operator()(char* buffer) const noexcept;
};

struct ReplicationFrame {
  bool keepalive = false;
  Lsn position;                  // of the data, or the server's position in a keepalive
  bool reply_requested = false;  // keepalive only
  std::string_view payload;      // of the data; lives as long as the frame
  std::unique_ptr<char, FreeCopyBuffer> buffer;
};

// Whether the server may send a transaction before it commits (pgoutput protocol 2 instead of 1).
enum class Streaming { off, on };

class ReplicationStream {
 public:
  // Sends START_REPLICATION on a walsender connection. Errors: transient pg.55006 (slot in use, names the pid), …
  static Result<ReplicationStream> start(Conn conn, const std::string& slot,
                                         const std::vector<std::string>& publications, Lsn from, Streaming streaming);

  // The frame at the front, if one can be had without waiting; null otherwise. It stays there until take().
  Result<const ReplicationFrame*> front();
  // The frame that front() has just shown.
  ReplicationFrame take();
  // Waits until the socket is readable or wake_fd is signalled or the deadline has passed. Errors: cancelled.
  Status wait(SteadyTime deadline, int wake_fd);
  // The same without looking at the socket: for paused intake, when unread data would end every wait at once.
  Status wait_unread(SteadyTime deadline, int wake_fd);
  // Tells the server what has been received and what is durable; flush and apply are the same to us.
  Status send_feedback(Lsn received, Lsn durable);
  // Ends the stream cleanly: CopyDone both ways, bounded by `at_most`; failures do not matter any more.
  void finish(Millis at_most) noexcept;

 private:
  explicit ReplicationStream(Conn conn) : conn_(std::move(conn)) {}
  Result<bool> fetch();
  Error ended();

  Conn conn_;
  std::optional<ReplicationFrame> frame_;
};

}  // namespace flusso::pg
