#pragma once
// What graph threads tell the control thread, collected until it looks.
// Thread: put from any; wait by control.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "model/catalog_state.h"
#include "model/change.h"
#include "model/ids.h"
#include "stages/events.h"

namespace flusso::pipeline {

// Everything up to this position is durable in every sink.
struct Durable {
  Lsn lsn;
  GroupSeq seq;  // the group that carried it
};

struct Mail {
  std::deque<stages::Ticket> recorded;  // chunks whose documents are all durable
  std::vector<std::uint64_t> answered;  // questions to the ledger
  std::deque<std::pair<GroupSeq, std::vector<TableGap>>> gaps;
  std::optional<Durable> durable;
  std::optional<CatalogState> catalog;  // differs from the saved one in nothing that matters
  bool empty() const { return recorded.empty() && answered.empty() && gaps.empty() && !durable && !catalog; }
};

class Mailbox {
 public:
  // `put` adds to the mail it is given; quick, it holds the lock.
  template <class Put>
  void put(Put&& put) {
    {
      const std::scoped_lock lock(mutex_);
      put(mail_);
    }
    changed_.notify_all();
  }
  // Ends a wait, also when there is no mail.
  void wake();
  // What has come; waits for something at most that long.
  Mail wait(const std::stop_token& stop, Millis at_most);

  // The number of a new question to the ledger.
  std::uint64_t new_question() { return ++last_question_; }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Mail mail_;
  bool woken_ = false;
  std::uint64_t last_question_ = 0;
};

}  // namespace flusso::pipeline
