#include "pipeline/graph.h"

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <semaphore>
#include <utility>
#include <vector>

#include "model/clock.h"
#include "model/log.h"
#include "pipeline/fence_lane.h"
#include "pipeline/graph_lanes.h"
#include "pipeline/graph_nodes.h"
#include "pipeline/guarded.h"
#include "pipeline/loss_report.h"
#include "pipeline/on_the_wire.h"
#include "pipeline/resolve_lanes.h"
#include "stages/confirm.h"
#include "stages/fanout.h"
#include "stages/ledger.h"
#include "stages/packer.h"
#include "stages/settle.h"

namespace flusso::pipeline {

using stages::LedgerEvent;
using stages::Settled;

namespace {

constexpr Logger kGraphLog{"pipeline"};

}  // namespace

struct Graph::Nodes : GraphContext {
  // One branch per sink.
  struct Branch {
    Branch(Nodes& nodes, SinkId id)
        : sink(id),
          writer(*nodes.backends.sinks()[id.value].writer),
          render([this](const BulkItem& item, unsigned slot, std::string& lines) {
            writer.render_action(item, slot, lines);
          }),
          packer(id, packer_limits(nodes), render),
          pack(
              nodes.graph, flow::serial,
              [this, &nodes](const PackIn& in, PackNode::output_ports_type& ports) { nodes.pack(*this, in, ports); },
              flow::node_priority_t{1}),
          queue(nodes.graph),
          limiter(nodes.graph, std::max<std::size_t>(1, writer.limits().requests_in_flight)),
          send(nodes.graph, flow::unlimited,
               [this, &nodes](const RequestMsg& request, SendNode::gateway_type& gateway) {
                 nodes.send(*this, request, gateway);
               }),
          settle(
              nodes.graph, flow::unlimited,
              [this, &nodes](const Msg<BulkReply>& reply, SettleNode::output_ports_type& ports) {
                nodes.settle(*this, reply, ports);
              },
              flow::node_priority_t{3}) {
      flow::make_edge(flow::output_port<0>(pack), queue);
      flow::make_edge(queue, limiter);
      flow::make_edge(limiter, send);
      flow::make_edge(send, settle);
      flow::make_edge(flow::output_port<0>(settle), nodes.ledger);
      flow::make_edge(flow::output_port<1>(settle), limiter.decrementer());
      flow::make_edge(flow::output_port<2>(settle), pack);
      flow::make_edge(flow::output_port<3>(settle), send);
      flow::make_edge(nodes.build, pack);
      flow::make_edge(flow::output_port<1>(nodes.ledger), pack);
    }

    stages::PackerLimits packer_limits(const Nodes& nodes) const {
      stages::PackerLimits limits;
      limits.max_documents = writer.limits().max_documents;
      limits.max_bytes = writer.limits().max_bytes;
      limits.requests_in_flight = writer.limits().requests_in_flight;
      limits.linger = nodes.options.live_linger;
      return limits;
    }

    const SinkId sink;
    BulkWriter& writer;
    const stages::RenderAction render;
    stages::Packer packer;
    std::atomic<bool> waits{false};  // documents in the packer wait for more, or for their time
    PackNode pack;
    flow::queue_node<RequestMsg> queue;
    flow::limiter_node<RequestMsg, int> limiter;
    SendNode send;
    SettleNode settle;
  };

  Nodes(const GraphContext& context, Lsn confirmed, GraphCallbacks the_callbacks, tbb::task_arena& the_arena)
      : GraphContext(context),
        arena(the_arena),
        callbacks(std::move(the_callbacks)),
        book(plan.indexes.size(), ledger_limits()),
        confirmer(confirmed),
        entry(graph, flow::unlimited, [](int, EntryNode::gateway_type&) {}),
        fence(graph, flow::unlimited,
              [this](const Msg<ChangeBatch>& batch, FenceNode::gateway_type& gateway) {
                if (!run.stopping()) fence_lane->push(FenceJob{batch.take(), Hold<FenceNode::gateway_type>(gateway)});
              }),
        fanout(graph, flow::unlimited,
               [this](const Msg<ChangeBatch>& batch, FanoutNode::output_ports_type& ports) { fan_out(batch, ports); }),
        resolve(graph, flow::unlimited,
                [this](const Msg<LookupPlan>& lookup, ResolveNode::gateway_type& gateway) {
                  if (!run.stopping()) resolve_lanes->push(lookup.take(), Hold<ResolveNode::gateway_type>(gateway));
                }),
        ledger(
            graph, flow::serial,
            [this](const LedgerMsg& event, LedgerNode::output_ports_type& ports) { keep_book(event, ports); },
            flow::node_priority_t{2}),
        build(graph, flow::unlimited,
              [this](const Msg<BuildBatch>& batch, BuildNode::gateway_type& gateway) {
                if (!run.stopping()) build_lanes->push(BuildJob{batch.take(), Hold<BuildNode::gateway_type>(gateway)});
              }),
        order(graph, [](const Settled& settled) { return static_cast<std::size_t>(settled.seq.value); }),
        confirm(
            graph, flow::serial,
            [this](const Settled& settled) {
              confirm_group(settled);
              return flow::continue_msg();
            },
            flow::node_priority_t{3}) {
    flow::make_edge(entry, ledger);
    flow::make_edge(fence, fanout);
    flow::make_edge(flow::output_port<0>(fanout), ledger);
    flow::make_edge(flow::output_port<1>(fanout), resolve);
    flow::make_edge(resolve, ledger);
    flow::make_edge(flow::output_port<0>(ledger), build);
    flow::make_edge(flow::output_port<2>(ledger), order);
    flow::make_edge(order, confirm);
    for (std::size_t i = 0; i < backends.sinks().size(); ++i)
      branches.push_back(std::make_unique<Branch>(*this, SinkId{static_cast<std::uint8_t>(i)}));
    fence_lane = std::make_unique<FenceLane>(backends, run);
    resolve_lanes = std::make_unique<ResolveLanes>(*this);
    build_lanes = std::make_unique<LanePool<BuildJob>>("build lane", options.workers, [this] {
      return build_worker(*this, [this](LedgerEvent event) { post(std::move(event)); });
    });
    held_open = Hold<EntryNode::gateway_type>(entry.gateway());
  }

  stages::LedgerLimits ledger_limits() const {
    stages::LedgerLimits limits;
    limits.build_batch = options.build_batch;
    limits.builds_in_flight = options.workers + 1;
    limits.touched_budget = options.touched_budget;
    limits.in_doubt_wait = Millis{0};
    for (SinkBackend& sink : backends.sinks())
      limits.in_doubt_wait = std::max(limits.in_doubt_wait, sink.writer->limits().request_timeout);
    return limits;
  }

  // ---- bodies ----

  void fan_out(const Msg<ChangeBatch>& batch, FanoutNode::output_ports_type& ports) {
    if (run.stopping()) return;
    guarded(run, "fanout", [&] {
      ChangeBatch changes = batch.take();
      std::vector<TableGap> gaps = std::move(changes.gaps);
      stages::FanoutOut out = stages::fan_out(plan, std::move(changes));
      if (!gaps.empty()) {
        out.announced.parts += 1;
        callbacks.on_gap(out.announced.seq, std::move(gaps));
      }
      const bool searches = !out.old_rows.empty() && callbacks.on_old_rows;
      out.announced.parts += searches ? 1 : 0;
      out.announced.searches = searches;
      if (!searches)
        for (const auto& [index, tokens] : out.old_rows) status.unknown_old_parents += tokens.size();
      const GroupSeq seq = out.announced.seq;
      for (const auto& [index, rows] : out.null_keys) report_null_keys(index, rows, plan, status);
      const bool lookups = !out.lookups.empty();
      std::get<0>(ports).try_put(LedgerMsg(LedgerEvent(std::move(out.announced))));
      for (stages::KeyPage& page : out.direct) std::get<0>(ports).try_put(LedgerMsg(LedgerEvent(std::move(page))));
      if (lookups) std::get<1>(ports).try_put(Msg<LookupPlan>(std::move(out.lookups)));
      if (searches) callbacks.on_old_rows(seq, std::move(out.old_rows));
    });
  }

  void keep_book(const LedgerMsg& event, LedgerNode::output_ports_type& ports) {
    if (run.stopping()) return;
    guarded(run, "ledger", [&] {
      stages::LedgerOut out;
      book.handle(event.take(), out);
      for (BuildBatch& batch : out.builds) std::get<0>(ports).try_put(Msg<BuildBatch>(std::move(batch)));
      for (DocBatch& batch : out.seed_docs)
        std::get<1>(ports).try_put(PackIn{PackIn::Kind::docs, Msg<DocBatch>(std::move(batch)), {}, false});
      for (Settled& settled : out.settled) std::get<2>(ports).try_put(settled);
      for (const stages::Ticket ticket : out.may_start) callbacks.on_may_start(ticket);
      for (const stages::Ticket ticket : out.recorded) callbacks.on_recorded(ticket);
      for (const std::uint64_t id : out.answered) callbacks.on_answered(id);
      for (const std::string& alarm : out.alarms) run.fail(Error{ErrorKind::transient, "sink.index_missing", alarm});
      status.documents_in_flight.store(book.documents(), std::memory_order_relaxed);
    });
  }

  void confirm_group(const Settled& settled) {
    if (run.stopping()) return;
    guarded(run, "confirm", [&] {
      const auto durable = confirmer.settle(settled);
      settled.change_lease->shrink_to(0);
      // Told before it is counted: whoever sees every group counted has been told every position.
      if (durable) callbacks.on_durable(*durable, settled.seq);
      status.changes.confirm();
      ++status.groups_confirmed;
    });
  }

  void pack(Branch& branch, const PackIn& in, PackNode::output_ports_type& ports) {
    if (run.stopping()) return;
    guarded(run, "pack", [&] {
      std::vector<BulkRequest> requests;
      switch (in.kind) {
        case PackIn::Kind::docs:
          branch.packer.add(*in.docs, steady_now(), requests);
          break;
        case PackIn::Kind::done:
          branch.packer.request_done(steady_now(), requests);
          break;
        case PackIn::Kind::tick:
          branch.packer.tick(in.now, in.memory_short, requests);
          break;
        case PackIn::Kind::nothing:
          break;
      }
      for (BulkRequest& request : requests) std::get<0>(ports).try_put(RequestMsg(std::move(request)));
      branch.waits.store(branch.packer.pending() != 0, std::memory_order_relaxed);
    });
  }

  void send(Branch& branch, const RequestMsg& message, SendNode::gateway_type& gateway) {
    if (run.stopping()) return;
    guarded(run, "send", [&] {
      const std::uint64_t id = wire->add(Hold<SendNode::gateway_type>(gateway));
      if (id == 0) return;
      const SteadyTime begun = steady_now();
      branch.writer.send(message.take(), [this, begun, id, on_wire = wire](BulkReply reply) {
        auto hold = on_wire->take(id);
        if (!hold) return;
        note_answer(reply, begun);
        hold->put(Msg<BulkReply>(std::move(reply)));
      });
    });
  }

  // Only while a request is held on the wire: then the graph is there.
  void note_answer(const BulkReply& reply, SteadyTime begun) {
    if (reply.failure) return;
    ++status.batches;
    if (reply.request.attempt != 0) return;  // it has waited before it was sent
    const auto took = steady_now() - begun;
    status.last_flush_micros.store(
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  }

  void settle(Branch& branch, const Msg<BulkReply>& message, SettleNode::output_ports_type& ports) {
    if (run.stopping()) return;
    guarded(run, "settle", [&] {
      BulkReply reply = message.take();
      const bool holds_slot = reply.request.holds_slot;
      const bool doubtful = reply.failure && reply.maybe_applied;
      if (doubtful) {
        kGraphLog.warn("a bulk request is in doubt; its documents are rebuilt after a timeout",
                       kv("sink", backends.sinks()[branch.sink.value].name),
                       kv("documents", reply.request.items.size()), kv("reason", reply.failure->what));
        status.documents_in_doubt += reply.request.items.size();
      }
      BulkOutcome outcome;
      if (!reply.failure) outcome = branch.writer.read_reply(reply);
      stages::SettleOut out = stages::settle(std::move(reply), outcome, plan, branch.render);
      for (const stages::Quarantined& poison : out.quarantined) {
        ++status.documents_quarantined;
        kGraphLog.warn("document left out, the sink rejects it", kv("index", plan.indexes[poison.index.value].name),
                       kv("id", poison.key), kv("reason", poison.reason));
      }
      if (out.fatal) {
        run.fail(std::move(*out.fatal));
        return;
      }
      bool slot = holds_slot;
      for (BulkRequest& again : out.again) {
        again.holds_slot = std::exchange(slot, false);
        std::get<3>(ports).try_put(RequestMsg(std::move(again)));
      }
      callbacks.on_written(branch.sink, out.completion);
      if (!out.completion.docs.empty()) std::get<0>(ports).try_put(LedgerMsg(LedgerEvent(std::move(out.completion))));
      if (slot) {
        std::get<1>(ports).try_put(1);
        std::get<2>(ports).try_put(PackIn{PackIn::Kind::done, {}, {}, false});
      }
    });
  }

  void post(LedgerEvent event) { entry.gateway().try_put(LedgerMsg(std::move(event))); }

  tbb::task_arena& arena;
  GraphCallbacks callbacks;
  stages::Ledger book;
  stages::Confirm confirmer;

  flow::graph graph;
  EntryNode entry;
  FenceNode fence;
  FanoutNode fanout;
  ResolveNode resolve;
  LedgerNode ledger;
  BuildNode build;
  flow::sequencer_node<Settled> order;
  flow::function_node<Settled, flow::continue_msg> confirm;
  std::vector<std::unique_ptr<Branch>> branches;
  std::shared_ptr<OnTheWire> wire = std::make_shared<OnTheWire>();
  Hold<EntryNode::gateway_type> held_open;
  std::binary_semaphore closed{0};
  // Threads last: they are joined before anything they call is destroyed.
  std::unique_ptr<FenceLane> fence_lane;
  std::unique_ptr<ResolveLanes> resolve_lanes;
  std::unique_ptr<LanePool<BuildJob>> build_lanes;
};

namespace {

tbb::task_arena& shared_arena(unsigned parallelism) {
  // One thread of these is whoever waits; at least one worker must be allowed, also on a single core.
  static const unsigned threads = std::max(2U, parallelism);
  static const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism, threads);
  static tbb::task_arena arena(static_cast<int>(threads));
  return arena;
}

}  // namespace

Graph::Graph(const Plan& plan, Backends& backends, Lsn confirmed, const Options& options, Budgets& budgets,
             LiveStatus& status, RunState& run, GraphCallbacks callbacks) {
  tbb::task_arena& arena = shared_arena(options.parallelism);
  arena.execute([&] {
    nodes_ = std::make_unique<Nodes>(GraphContext{plan, backends, options, budgets, status, run}, confirmed,
                                     std::move(callbacks), arena);
  });
}

Graph::~Graph() {
  nodes_->arena.execute([&] { nodes_.reset(); });
}

void Graph::put_changes(ChangeBatch batch) { nodes_->fence.try_put(Msg<ChangeBatch>(std::move(batch))); }

void Graph::post(LedgerEvent event) { nodes_->post(std::move(event)); }

bool Graph::tick(SteadyTime now) {
  const bool memory_short = nodes_->budgets.documents.waiters() != 0;
  bool told = false;
  for (auto& branch : nodes_->branches) {
    if (!branch->waits.load(std::memory_order_relaxed)) continue;
    branch->pack.try_put(PackIn{PackIn::Kind::tick, {}, now, memory_short});
    told = true;
  }
  // Only documents in doubt wait for time. A message wakes threads, so an idle process sends none.
  if (nodes_->status.documents_in_flight.load(std::memory_order_relaxed) != 0) {
    nodes_->post(stages::Tick{now});
    told = true;
  }
  return told;
}

void Graph::close() {
  nodes_->held_open = Hold<EntryNode::gateway_type>();
  nodes_->closed.release();
}

void Graph::abandon() {
  nodes_->fence_lane->stop();
  nodes_->resolve_lanes->stop();
  nodes_->build_lanes->stop();
  nodes_->wire->close();
}

void Graph::wait() {
  // A thread inside wait_for_all() works for the graph too, and looks for work in a spin after every message. While the
  // run goes on the arena's own threads are enough.
  nodes_->closed.acquire();
  nodes_->arena.execute([&] { nodes_->graph.wait_for_all(); });
}

}  // namespace flusso::pipeline
