#pragma once
// The change stream cut into groups. A group closes at a commit when nothing more can be read at once, at a limit, or
// after a short while; a transaction larger than a group becomes several, of which only the last carries the commit's
// end LSN. A keepalive is an empty group with the server's position, so an idle database advances the slot by the same
// path and with the same proof as a busy one. Groups are numbered here and nowhere else. Thread: one (capture). Pure.

#include <cstdint>
#include <optional>

#include "model/change.h"
#include "model/clock.h"
#include "model/ids.h"
#include "model/ports/change_capture.h"

namespace flusso::stages {

struct AssembleLimits {
  std::uint32_t max_changes = 1024;
  std::uint64_t max_bytes = 256 * 1024;
  Millis max_age{50};
};

class Assemble {
 public:
  // `confirmed`: the slot's position at start; no keepalive at or below it is passed on.
  Assemble(Lsn confirmed, AssembleLimits limits);

  void begin(Xid xid);
  void row(const RowEvent& event, SteadyTime now);
  void gap(const CaptureGap& event, SteadyTime now);
  void commit(Xid xid, Lsn end_lsn, SteadyTime now);
  void keepalive(Lsn lsn, SteadyTime now);

  // True when the open group should be taken now; `more` tells whether another event can be read without waiting.
  bool ready(bool more, SteadyTime now) const;
  // When ready() becomes true by age alone; nothing while no group is open.
  std::optional<SteadyTime> deadline() const;
  // Closes and returns the open group. Call only when ready(). Memory is leased by the caller.
  ChangeBatch take();
  bool in_transaction() const { return in_transaction_; }
  // Bytes that the open group holds.
  std::uint64_t bytes() const;

 private:
  std::int32_t append(const std::vector<FieldText>& fields);
  void open(SteadyTime now);

  const AssembleLimits limits_;
  ChangeBatch group_;
  bool open_ = false;
  bool in_transaction_ = false;
  Xid xid_;
  bool xid_noted_ = false;
  bool end_unseen_ = false;  // the group reaches into a transaction whose end has not been seen
  Lsn emitted_;              // the last position that a group carried
  Lsn reached_;              // every change up to here is in this group or in one before
  SteadyTime opened_{};
  std::uint64_t next_seq_ = 0;
};

}  // namespace flusso::stages
