#pragma once
// An in-memory OpenSearch: concrete indexes behind hash aliases, a durable meta store, and bulk requests that are
// received, worked on after a while and answered after another. A request outlives the process that sent it: it may be
// worked on after its sender gave it up or was killed.
//
//   received ──▶ (a while) ──▶ worked on ──▶ (a while) ──▶ answered
//   zombie:  received ──▶ answered "timeout" ──▶ (less than the request timeout) ──▶ worked on, or never
//
// Body of a request: action lines as render_action writes them ("put families_1 12", then the document's line; "del
// families_1 12"). Thread: any.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/ports/records.h"
#include "model/ports/sink.h"
#include "tests/pipeline/chance.h"
#include "tests/pipeline/faults.h"
#include "tests/pipeline/scheduler.h"
#include "tests/support/verdict.h"

namespace flusso::fakes {

using invariants::Invariant;
using invariants::Verdict;

// What flusso_meta keeps of one index.
struct IndexRecord {
  Generation active;
  bool seeded = false;
  std::optional<Generation> staged;
  Generation last;  // numbers are never reused
};

// One run of one process; what a server cannot know, but a test can.
struct Sender {
  std::atomic<bool> dead{false};
};

struct ServerAnswer {
  std::optional<Error> failure;
  bool maybe_applied = false;
  std::string body;  // one line per action: 200, 400, 404, 429
};

class FakeCluster {
 public:
  FakeCluster(Faults& faults, Chance& chance, Verdict& verdict, std::function<void()> ring)
      : faults_(faults), chance_(chance), verdict_(verdict), ring_(std::move(ring)) {}

  // ---- data plane ----
  // Receives a body; `done` is called once, on the server's thread.
  void receive(std::shared_ptr<const Sender> sender, std::string body, Millis request_timeout,
               std::function<void(ServerAnswer)> done);
  std::size_t running_bulks();
  // While held, requests are received but not worked on.
  void hold();
  void release();
  std::size_t held();
  // While away, nothing can be reached.
  void set_away(bool away);
  bool away();
  void set_max_body(std::size_t bytes);

  // ---- control plane; names: {alias}_{generation} ----
  IndexRecord record(const std::string& alias);
  Generation stage(const std::string& alias);
  void promote(const std::string& alias, Generation generation);
  void retire_others(const std::string& alias, Generation keep);
  bool exists(const std::string& alias, Generation generation);
  std::string uuid(const std::string& alias, Generation generation);
  void delete_index(const std::string& alias, Generation generation);  // by an outsider
  // Makes what every generation of the index holds now visible to search().
  void refresh(const std::string& alias);
  // Keys of the documents of every generation for which `holds` is true, as of their last refresh.
  std::set<std::string> search(const std::string& alias, const std::function<bool(const std::string& document)>& holds);
  std::optional<SourceRecord> source;
  std::map<std::string, SeedRecord> seeds;
  std::mutex records_mutex;  // guards source and seeds

  // ---- for tests ----
  // Called when an index has been promoted, before the process hears of it. Set before it starts.
  std::function<void(const std::string& alias)> on_promoted = [](const std::string&) {};
  std::atomic<bool> expect_gone{false};  // an index is deleted from outside: writes to it are nobody's fault
  std::map<std::string, std::string> documents(const std::string& alias, Generation generation);
  std::optional<std::string> document(const std::string& alias, Generation generation, const std::string& key);
  // Sink without a control plane: its only generation, and nobody can ask what it still works on.
  void create_plain(const std::string& alias);
  // The document writes of that generation that were worked on.
  std::uint64_t writes() const { return writes_.load(); }
  Scheduler& scheduler() { return scheduler_; }

 private:
  struct Concrete {
    std::map<std::string, std::string> documents;
    std::map<std::string, std::string> searchable;
    std::string uuid;
  };
  struct Action {
    std::string index;
    std::string key;
    std::optional<std::string> body;
  };
  struct Task {
    std::vector<Action> actions;
    std::shared_ptr<const Sender> sender;
    std::function<void(ServerAnswer)> done;
    bool worked = false;
    bool answered = false;
    // The attempts in it have ended: worked on (or never to be), and the sender knows as much as it ever will.
    bool over() const { return worked && (answered || sender->dead); }
  };
  using Lock = std::scoped_lock<std::mutex>;

  static std::vector<Action> parse(const std::string& body);
  std::chrono::microseconds delay();
  void arrive(const std::shared_ptr<Task>& task, std::size_t bytes, Millis request_timeout);
  void plan_work(const std::shared_ptr<Task>& task, bool reply_lost);
  void refuse(const std::shared_ptr<Task>& task, ServerAnswer with);
  void note_attempts(const std::shared_ptr<Task>& task);  // mutex held
  void apply(Task& task, std::string& statuses);          // mutex held
  void end_work(const std::shared_ptr<Task>& task);       // mutex held
  void answer(const std::shared_ptr<Task>& task, ServerAnswer answer);

  Faults& faults_;
  Chance& chance_;
  Verdict& verdict_;
  const std::function<void()> ring_;
  std::mutex mutex_;
  std::map<std::string, Concrete> indexes_;
  std::map<std::string, IndexRecord> records_;
  std::map<std::string, std::vector<std::shared_ptr<Task>>> attempts_;  // by index/key
  std::vector<std::shared_ptr<Task>> running_;                          // received, not worked on
  bool held_ = false;
  std::vector<std::shared_ptr<Task>> waiting_;
  bool away_ = false;
  bool plain_ = false;
  std::size_t max_body_ = SIZE_MAX;
  std::uint64_t next_uuid_ = 1;
  std::atomic<std::uint64_t> writes_{0};
  Scheduler scheduler_;  // last: its thread ends first
};

inline std::string concrete_name(const std::string& alias, Generation generation) {
  return alias + "_" + std::to_string(generation.number);
}

}  // namespace flusso::fakes
