#pragma once
// Which transactions went by: the last one at or below a position, for the claim that is written before that position
// is confirmed; and whether the one that an earlier claim named comes again where it was. A server that was restored
// and has written past that place since shows another transaction there, which no position alone can tell.
//
// Thread: committed and reached by capture, last_up_to by control.

#include <deque>
#include <mutex>
#include <optional>

#include "model/ports/records.h"
#include "model/result.h"

namespace flusso::pipeline {

class CommitLog {
 public:
  // `expected`: must come again, because the stream begins before its end.
  explicit CommitLog(std::optional<CommitMark> expected) : expected_(expected) {}

  // A transaction was delivered, or everything up to a position was. Error: permanent source.history_changed.
  Status committed(CommitMark commit);
  Status reached(Lsn position);
  // The last one at or below `position`; forgets those before it.
  std::optional<CommitMark> last_up_to(Lsn position);

 private:
  std::optional<CommitMark> expected_;
  std::mutex mutex_;
  // Ascending. Any transaction at or below a position serves, so of very many only every stride_-th is kept.
  std::deque<CommitMark> marks_;
  std::size_t stride_ = 1;
  std::size_t passed_over_ = 0;
  std::optional<CommitMark> newest_;
};

}  // namespace flusso::pipeline
