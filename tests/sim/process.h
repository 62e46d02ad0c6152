#pragma once
// One run of flusso inside the simulator: the stages, wired by hand, every edge a bag from which the scheduler takes
// any message next. All of it is lost in a crash. Each public action is one event.
//
//   capture ─▶ fence ─▶ fan_out ─┬─▶ resolve ─┐
//   control ─▶ ──────────────────┴────────────┴▶ inbox ─▶ LEDGER ─▶ builds ─▶ packs ─▶ requests ─▶ wire ─▶ settle ─▶
//   inbox
//
// Thread: one.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/budget.h"
#include "stages/assemble.h"
#include "stages/confirm.h"
#include "stages/fanout.h"
#include "stages/fence.h"
#include "stages/ledger.h"
#include "stages/packer.h"
#include "stages/seeding.h"
#include "stages/settle.h"
#include "tests/sim/sink.h"
#include "tests/sim/source.h"

namespace flusso::sim {

class World;

// Which generations of an index one sink keeps in this run.
struct Kept {
  std::optional<int> serving, building;
  unsigned serving_slot = 0, building_slot = 0;
  int slots[2] = {0, 0};  // what stands behind a slot, also while it is being retired
  std::optional<SeedMeta> resume;
};

// What a run may hold; outlives it by a moment, so that the world can see that nothing is held any more.
struct Accounts {
  ByteBudget changes{"changes", 4000};
  ByteBudget ids{"ids", 40};
  ByteBudget documents{"documents", 1 << 20};
  std::uint64_t used() const { return changes.used() + ids.used() + documents.used(); }
};

class Process {
 public:
  Process(World& world, std::uint64_t id, std::vector<std::size_t> enabled, std::shared_ptr<Accounts> accounts);
  Process(const Process&) = delete;

  // ---- actions of the data path; the bags say which are possible ----
  bool can_capture() const;
  void capture();
  void reconnect();  // the stream starts again at the slot's confirmed position, inside the same run
  bool can_ask_fence() const { return !fence_.empty() && !fence_answer_; }
  void ask_fence();
  bool can_answer_fence() const { return fence_answer_.has_value(); }
  void answer_fence();
  void fan_out(std::size_t i);
  void resolve(std::size_t i);
  void deliver(std::size_t i);
  void build(std::size_t i);
  void pack(std::size_t i);
  bool can_send(std::size_t sink) const;
  void send(std::size_t sink);
  void send_again(std::size_t i);
  void take_reply(std::size_t sink, Wire& wire);
  void tick();
  bool can_feed_back() const { return durable_.has_value(); }
  void feed_back();

  // ---- control ----
  bool has_control() const { return !script_.empty(); }
  void control();
  bool can_take_chunk() const;
  void take_chunk();
  void read_chunk(std::size_t i);
  bool can_save_progress() const;
  void save_progress();
  bool can_reindex() const;
  void reindex(std::size_t sink, std::size_t index);
  void begin_drain();
  bool drained() const { return drained_; }
  bool live() const { return live_; }
  bool draining() const { return draining_; }
  // Nothing is under way and nothing is left to seed.
  bool at_rest() const;
  bool failed() const { return failed_; }
  bool seeding_begun() const { return !jobs_.empty(); }
  bool seeding_all_read() const;      // every chunk's documents are on their way
  bool seeding_all_recorded() const;  // every chunk is recorded, what follows is the promotion

  // ---- bags ----
  struct PackJob {
    std::size_t sink = 0;
    std::shared_ptr<const DocBatch> docs;
  };
  struct ChunkJob {
    stages::Ticket ticket;
    std::size_t job = 0;
    std::size_t chunk = 0;
    bool may_start = false;
  };
  std::vector<ChangeBatch> released;
  std::vector<LookupPlan> lookups;
  std::vector<stages::LedgerEvent> inbox;
  std::vector<BuildBatch> builds;
  std::vector<PackJob> packs;
  std::vector<BulkRequest> again;
  std::vector<ChunkJob> chunk_jobs;

  const Plan& plan() const { return plan_; }
  std::uint64_t id() const { return id_; }
  const std::vector<std::size_t>& enabled() const { return global_; }
  const Kept& kept(std::size_t sink, std::size_t index) const { return kept_[sink][index]; }
  std::uint64_t dispatched() const { return dispatched_; }
  std::size_t touched() const { return ledger_->touched(); }
  std::string describe() const;

 private:
  friend class World;
  struct Origin {
    std::uint64_t read_at = 0;
    bool from_seed = false;
  };
  struct Attempt {
    bool busy = false;
    std::int64_t doubtful_until_ms = INT64_MIN;
  };
  // One index being seeded into some sinks.
  struct Job {
    std::unique_ptr<stages::Seeding> seeding;
    std::vector<std::size_t> sinks;
    std::size_t index = 0;  // position in the plan
    std::size_t taken = 0;  // chunks in the hands of a lane, or written and not yet recorded
    bool dirty = false;
    bool finished = false;
  };
  using Step = std::function<bool()>;  // false: not yet, try again

  // data path
  void put(ChangeBatch batch);
  void ledger(stages::LedgerEvent event);
  void note_dispatch(IndexId index, std::string_view key, Targets targets);
  void note_end(const stages::LedgerEvent& event);
  struct Document {
    std::string key;
    std::optional<std::string> content;
    Targets targets;
  };
  DocBatch batch_of(IndexId index, const std::vector<Document>& documents, Origin origin);
  void note_unbuildable(IndexId index, const std::string& key, Targets targets);
  void launch(std::size_t sink, BulkRequest request);
  Origin origin(const BulkRequest& request, const BulkItem& item) const;
  // control
  void script_start();
  void prepare_index(std::size_t sink, std::size_t index);
  void build_anew(std::size_t sink, std::size_t index);
  void save_source(std::size_t sink);
  void go_live();
  void set_targets(std::size_t index);
  void plan_seeds();
  void add_job(std::size_t index, std::vector<std::size_t> sinks, ChunkPlan chunks, std::vector<bool> done);
  void on_rewritten(std::size_t job);
  void seed_fresh(std::size_t index, std::vector<std::size_t> sinks);
  void script_finish(std::size_t job);
  void on_recorded(stages::Ticket ticket);
  void write_progress(Job& job);
  Targets targets_of(std::size_t index, bool seeding_only) const;
  std::size_t global(IndexId index) const { return global_[index.value]; }
  bool quiet() const;

  World& world_;
  const std::uint64_t id_;
  const std::vector<std::size_t> global_;  // plan position → index of the world
  const Plan plan_;
  std::shared_ptr<Accounts> accounts_;
  std::vector<std::vector<Kept>> kept_;  // [sink][plan position]
  std::optional<stages::Assemble> assemble_;
  std::size_t next_transaction_ = 0;
  std::size_t next_row_ = 0;
  bool in_transaction_ = false;
  Lsn delivered_;  // end of the last transaction or keepalive that the stream gave out
  stages::Fence fence_;
  std::optional<SnapshotXids> fence_answer_;
  std::optional<ChangeBatch> waiting_for_memory_;
  std::unique_ptr<stages::Ledger> ledger_;
  std::map<std::uint64_t, stages::Settled> order_;
  std::uint64_t next_settled_ = 0;
  std::unique_ptr<stages::Confirm> confirm_;
  std::optional<Lsn> durable_;
  std::uint64_t put_ = 0;
  std::optional<Lsn> put_lsn_;  // highest position that was put into the pipeline
  std::vector<std::unique_ptr<stages::Packer>> packers_;
  std::vector<std::deque<BulkRequest>> requests_;  // per sink, behind the limiter
  std::vector<std::size_t> on_wire_;               // slots taken, per sink
  struct OnWire {
    std::size_t sink;
    BulkRequest request;
  };
  std::map<std::uint64_t, OnWire> sent_;  // by wire id
  std::map<const Slab*, Origin> origins_;
  std::map<std::tuple<std::size_t, std::size_t, std::string>, Attempt> attempts_;  // (sink, index, key)
  std::uint64_t dispatched_ = 0;

  std::deque<Step> script_;
  std::vector<Job> jobs_;
  std::map<std::uint32_t, std::pair<std::size_t, std::size_t>> tickets_;  // job, chunk
  std::vector<stages::Ticket> recorded_;
  std::uint32_t next_ticket_ = 0;
  std::uint64_t next_question_ = 0;
  std::set<std::uint64_t> answered_;
  bool live_ = false;
  std::uint64_t seed_fence_xid_ = 0;
  bool seed_fence_passed_ = false;
  bool draining_ = false;
  bool drained_ = false;
  bool failed_ = false;
};

}  // namespace flusso::sim
