#pragma once
// The last stage: groups arrive in order, the position that may be confirmed only ever grows.
// Thread: one (the confirm node). Pure.

#include <optional>

#include "model/ids.h"
#include "stages/events.h"

namespace flusso::stages {

class Confirm {
 public:
  explicit Confirm(Lsn start) : durable_(start) {}
  // Takes the next group in order, frees its change lease and returns the new durable position if it moved.
  std::optional<Lsn> settle(Settled group);
  Lsn durable() const { return durable_; }

 private:
  Lsn durable_;
  std::uint64_t next_seq_ = 0;
};

}  // namespace flusso::stages
