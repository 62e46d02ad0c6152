#pragma once
// Seeds what is unseeded, from the plan of its chunks to the promotion of the generation that they filled. Every step
// may be repeated after a crash. The chunks themselves are read by the SeedBoard's lanes. Thread: control; may_start
// from the graph.

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "pipeline/budgets.h"
#include "pipeline/graph.h"
#include "pipeline/mailbox.h"
#include "pipeline/options.h"
#include "pipeline/preparation.h"
#include "pipeline/seed_board.h"

namespace flusso::pipeline {

class Seeder {
 public:
  Seeder(Prepared& prepared, Backends& backends, SourceAdmin& source, const Options& options, Budgets& budgets,
         LiveStatus& status, RunState& run, Graph& graph, Mailbox& mail, SeededNames& stdout_seeded);

  // Tells the ledger where each index is written to. Before the first change.
  void set_targets();
  // Plans and begins every seed that is due. `intake` ends the wait for older transactions.
  Status start(const std::stop_token& intake);
  void may_start(stages::Ticket ticket) { board_.may_start(ticket); }
  // A chunk is durable; the last one of its index promotes the generation.
  Status on_recorded(stages::Ticket ticket);
  // The ledger answered a question: if it was that of a promotion, nothing is written to what it replaced any more,
  // which is then removed. Other questions are nobody's here.
  Status on_answered(std::uint64_t question);
  // A chunk is durable, but the run ends: what is complete is promoted by the next one.
  void note_recorded(stages::Ticket ticket);
  // Saves which chunks are done, and shows how far each seed is.
  Status save_progress();
  // Fails when a table was rewritten since its chunks were planned; its plan has been dropped.
  Status check_rewritten();
  // A newer generation of that index has been staged for the next run.
  void supersede(IndexId index) { superseded_[index.value] = true; }
  bool seeding() const;
  // No further chunk is begun.
  void pause() { board_.pause(); }
  bool idle() const { return board_.idle(); }
  void stop() { board_.stop(); }

 private:
  // A seed job and the sinks it feeds.
  struct Job {
    IndexId index;
    std::vector<SinkId> sinks;
    bool dirty = false;                    // recorded chunks that are not yet saved
    std::optional<std::uint64_t> barrier;  // promoted; the question after whose answer the old generations may go
    bool finished = false;
  };
  bool anything_due() const;
  Status begin(IndexId index, std::vector<SinkId> sinks, SnapshotScan& scan);
  Result<ChunkPlan> plan(IndexId index, const std::vector<SinkId>& sinks, SnapshotScan& scan);
  Status save(std::size_t job);
  Status finish(std::size_t job);
  Status promote(const Job& job);
  Status retire(const Job& job);

  Prepared& prepared_;
  Backends& backends_;
  SourceAdmin& source_;
  const Options& options_;
  LiveStatus& status_;
  Graph& graph_;
  Mailbox& mail_;
  SeededNames& stdout_seeded_;
  bool fence_passed_ = false;     // transactions that are in neither the stream nor older snapshots have ended
  std::vector<Job> jobs_;         // by the board's job number
  std::vector<bool> superseded_;  // by index
  SeedBoard board_;
};

}  // namespace flusso::pipeline
