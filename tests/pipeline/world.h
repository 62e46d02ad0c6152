#pragma once
// The world around one or more processes: a database, clusters, chance, and what must hold at any time. A process is
// the real Supervisor with the real graph; it may be drained, aborted or killed, and the next one finds what it left
// behind. Thread: any, but processes are started and ended by the test's thread.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "model/ports/backends.h"
#include "pipeline/options.h"
#include "pipeline/status.h"
#include "pipeline/supervisor.h"
#include "tests/pipeline/chance.h"
#include "tests/pipeline/fake_cluster.h"
#include "tests/pipeline/fake_database.h"
#include "tests/pipeline/fake_sink.h"
#include "tests/pipeline/fake_source.h"
#include "tests/pipeline/faults.h"
#include "tests/support/verdict.h"

namespace flusso::fakes {

class Process;

class World {
 public:
  enum class Plain { no, yes };  // with a sink that remembers nothing, as stdout
  explicit World(std::uint64_t seed = 1, std::size_t sinks = 1, Plain plain = Plain::no);
  ~World();

  // Starts a process; an earlier one must have ended.
  Process& start(const std::vector<Document>& enabled = {families, kids}, FailurePolicy on_error = FailurePolicy::skip);
  Process& process() { return *process_; }
  bool running() const;
  bool process_exists() const { return process_ != nullptr; }
  // Kills the process and waits until it is gone.
  void kill();
  // Asks it to drain and waits; returns how it ended.
  Status drain();

  // Waits until the condition holds; false when it does not within `at_most`.
  bool await(const std::function<bool()>& condition, Millis at_most = Millis{20000});
  void ring();
  // Every index is complete and the slot stands at the end of the WAL.
  bool at_rest();
  std::string state_of_rest();
  // Waits for that and compares every document of every enabled index in every sink with the source.
  bool come_to_rest();
  void compare();

  // What readers of an index see in the first sink.
  std::optional<std::string> stored(Document which, int id, std::size_t sink = 0);
  Generation serving(Document which, std::size_t sink = 0);

  Verdict verdict;
  Faults faults;
  Chance chance;
  FakeDatabase database;
  std::vector<std::unique_ptr<FakeCluster>> clusters;
  // Called when a process asks for its lock, on the supervisor's thread; what it answers ends the attempt.
  std::function<Status(Process&)> before_start = [](Process&) { return Status{}; };
  std::size_t plain_from = SIZE_MAX;  // clusters from here on have no control plane
  pipeline::Options options;
  SinkLimits limits;
  std::uint32_t chunk_rows = 7;
  std::string system_id = "system-1";
  OldRows old_rows = OldRows::name_parents;

 private:
  friend class Process;
  void check_confirmed(Process& process, Lsn before, Lsn now);
  void check_document(Process& process, std::size_t sink, Document which, int id, Lsn before, Lsn confirmed);

  std::mutex mutex_;
  std::condition_variable rung_;
  std::uint64_t rings_ = 0;
  std::vector<Document> enabled_;
  std::unique_ptr<Process> process_;
};

class Process final : public Backends {
 public:
  Process(World& world, const std::vector<Document>& enabled, FailurePolicy on_error);
  ~Process() override;

  void request_drain() { supervisor_->request_drain(); }
  void request_abort() { supervisor_->request_abort(); }
  // As kill -9: from now on nothing it does has an effect.
  void kill();
  bool ended() const { return ended_.load(); }
  // How it ended; call when ended().
  const Status& result() const { return result_; }
  const pipeline::Budgets& budgets() const { return supervisor_->budgets(); }

  std::unique_ptr<SourceAdmin> source_admin() override { return make_fake_source_admin(source); }
  std::unique_ptr<SlotMonitor> slot_monitor() override { return make_fake_slot_monitor(source); }
  std::unique_ptr<ChangeCapture> capture(const Plan& plan) override;
  std::unique_ptr<Visibility> visibility() override { return make_fake_visibility(source); }
  std::unique_ptr<RowResolver> resolver(const Plan& plan, Patience) override {
    return make_fake_resolver(source, plan);
  }
  std::unique_ptr<DocumentSource> documents(const Plan& plan) override { return make_fake_documents(source, plan); }
  std::unique_ptr<SnapshotScan> scan(const Plan& plan) override { return make_fake_scan(source, plan); }
  Status hold_exclusive() override;
  bool exclusive_lost() override { return lock_lost.load(); }
  std::vector<SinkBackend>& sinks() override { return backends_; }

  SourceShare source;
  std::vector<std::unique_ptr<SinkShare>> shares;
  std::vector<FakeBulkWriter*> writers;
  pipeline::LiveStatus status;
  std::atomic<bool> lock_lost{false};
  std::atomic<unsigned> locks_taken{0};
  // Called when a run opens its stream, on the supervisor's thread.
  std::function<void()> on_capture = [] {};

 private:
  void check_leases();
  void check_peaks();

  World& world_;
  std::vector<SinkBackend> backends_;
  std::unique_ptr<pipeline::Supervisor> supervisor_;
  std::atomic<bool> killed_{false};
  std::atomic<bool> returned_{false};
  std::atomic<bool> ended_{false};
  Status result_;
  std::thread thread_;
};

}  // namespace flusso::fakes
