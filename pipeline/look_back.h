#pragma once
// Finds the documents that hold rows whose old version does not name them (design 6-h): a child that was deleted or
// moved while its replica identity lacks the foreign key. The document it is in now has been rebuilt like any other;
// here the one it left is searched for in the sinks, by the row's token (model/row_token.h).
//
//   old rows of groups ─▶ collected ─▶ barrier ─▶ refresh ─▶ search ─▶ one last part of each group, with what was found
//
// The barrier: what was being read or written when the change passed the fence may still hold the old row, and must be
// searchable first. At most one round per old_parent_interval; a group stays unsettled meanwhile, so a crash repeats
// the search. Thread: add, answered, hurry from any; the rounds run on a thread of its own.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "model/ports/backends.h"
#include "pipeline/options.h"
#include "pipeline/status.h"
#include "stages/events.h"

namespace flusso::pipeline {

class LookBack {
 public:
  // Tokens of one group's old rows.
  struct OldRows {
    GroupSeq seq;
    std::map<IndexId, std::vector<std::string>> tokens;
  };

  // `post` hands an event to the ledger.
  LookBack(const Plan& plan, Backends& backends, const Options& options, LiveStatus& status,
           std::function<void(stages::LedgerEvent)> post);
  ~LookBack();

  // Whether some sink can be asked at all; stdout cannot.
  static bool possible(Backends& backends);
  void add(OldRows rows);
  // The ledger has answered a question; false when it was not asked here.
  bool answered(std::uint64_t question);
  // Rounds follow each other without a pause from now on.
  void hurry();
  // Ends the round under way. Call before the graph is closed.
  void stop();

 private:
  using Round = std::vector<OldRows>;

  void work(const std::stop_token& stop);
  Round next_round(const std::stop_token& stop);
  Status await_attempts(const std::set<IndexId>& indexes, const std::stop_token& stop);
  // Ids found, by index, for each group of the round.
  Result<std::map<IndexId, std::vector<std::vector<std::string>>>> search(const Round& round);
  void tell(const Round& round, std::map<IndexId, std::vector<std::vector<std::string>>> found);

  const Plan& plan_;
  Backends& backends_;
  const Options& options_;
  LiveStatus& status_;
  const std::function<void(stages::LedgerEvent)> post_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Round waiting_;
  std::set<std::uint64_t> unanswered_;
  std::uint64_t last_question_;
  bool hurry_ = false;
  SteadyTime last_round_{};
  std::jthread thread_;
};

}  // namespace flusso::pipeline
