// The data path: from the WAL to the wire and back.
#include "tests/sim/process.h"

#include <algorithm>
#include <tuple>

#include "model/check.h"
#include "tests/sim/trace.h"
#include "tests/sim/world.h"

namespace flusso::sim {
namespace {

constexpr std::uint64_t kBytesPerChange = 512;

template <class T>
T take_any(std::vector<T>& bag, std::size_t i) {
  T taken = std::move(bag[i]);
  if (i + 1 != bag.size()) bag[i] = std::move(bag.back());
  bag.pop_back();
  return taken;
}

void render(const BulkItem& item, unsigned slot, std::string& lines) {
  lines += std::to_string(item.index.value) + "." + std::to_string(slot) + " ";
  lines += item.key;
  lines += '\n';
}

template <class F>
void for_each_sink(Targets targets, std::size_t sinks, F&& f) {
  for (std::size_t sink = 0; sink < sinks; ++sink)
    if (targets.has(SinkId{static_cast<std::uint8_t>(sink)})) f(sink);
}

}  // namespace

Process::Process(World& world, std::uint64_t id, std::vector<std::size_t> enabled, std::shared_ptr<Accounts> accounts)
    : world_(world), id_(id), global_(std::move(enabled)), plan_(make_plan(global_)), accounts_(std::move(accounts)) {
  kept_.assign(world_.sinks.size(), std::vector<Kept>(global_.size()));
  requests_.resize(world_.sinks.size());
  on_wire_.assign(world_.sinks.size(), 0);
  script_start();
}

// ---- capture and fence ----------------------------------------------------------------------------------------------

bool Process::can_capture() const {
  if (!live_) return false;
  if (waiting_for_memory_) return true;
  if (draining_) return !assemble_->in_transaction() && assemble_->deadline().has_value();
  return next_transaction_ < world_.source.wal().size() || world_.source.wal_end() > delivered_;
}

void Process::capture() {
  const SteadyTime now = world_.time();
  if (waiting_for_memory_) {
    put(std::move(*std::exchange(waiting_for_memory_, std::nullopt)));
    return;
  }
  if (draining_) {
    if (assemble_->ready(false, now)) put(assemble_->take());
    return;
  }
  const auto& wal = world_.source.wal();
  const bool whole = world_.random.chance(70);  // else one event of the stream at a time
  do {
    if (next_transaction_ >= wal.size()) {
      // Sometimes an old position: after a reconnect decoding begins again below what was confirmed.
      const Lsn lsn = world_.random.chance(10) ? world_.slot_confirmed : world_.source.wal_end();
      assemble_->keepalive(lsn, now);
      delivered_ = std::max(delivered_, lsn);
    } else {
      const Transaction& transaction = wal[next_transaction_];
      const Xid xid{static_cast<std::uint32_t>(transaction.xid)};
      if (!in_transaction_) {
        assemble_->begin(xid);
        in_transaction_ = true;
        next_row_ = 0;
      }
      if (next_row_ < transaction.rows.size()) {
        const RowChange& change = transaction.rows[next_row_++];
        for (std::size_t t = 0; t < plan_.tables.size(); ++t) {
          const TablePlan& table = plan_.tables[t];
          if (table.info.table.name != table_name(change.table)) continue;
          const bool key_changed = change.before.id != change.after.id || change.before.ref != change.after.ref;
          const auto as_fields = [](const std::vector<std::optional<std::string>>& texts) {
            std::vector<FieldText> fields;
            for (const auto& text : texts)
              fields.push_back(text ? FieldText{FieldText::State::text, *text}
                                    : FieldText{FieldText::State::missing, {}});
            return fields;
          };
          const auto old_texts = fields_of(table, change.before, true);
          const auto new_texts = fields_of(table, change.after, false);
          const auto old_fields = as_fields(old_texts);
          const auto new_fields = as_fields(new_texts);
          RowEvent event{TableId{static_cast<std::uint16_t>(t)}, change.op, nullptr, nullptr};
          if (change.op == ChangeOp::remove || (change.op == ChangeOp::update && key_changed))
            event.old_fields = &old_fields;
          if (change.op != ChangeOp::remove) event.new_fields = &new_fields;
          assemble_->row(event, now);
        }
      } else {
        assemble_->commit(xid, transaction.end, now);
        delivered_ = std::max(delivered_, transaction.end);
        in_transaction_ = false;
        ++next_transaction_;
      }
    }
    if (assemble_->deadline() && assemble_->ready(!in_transaction_ && next_transaction_ < wal.size(), now))
      put(assemble_->take());
  } while (whole && in_transaction_ && !waiting_for_memory_);
}

void Process::reconnect() {
  const auto& wal = world_.source.wal();
  next_transaction_ = 0;
  while (next_transaction_ < wal.size() &&
         (!wal[next_transaction_].in_stream || wal[next_transaction_].end <= world_.slot_confirmed))
    ++next_transaction_;
  in_transaction_ = false;
}

void Process::put(ChangeBatch batch) {
  if (!batch.changes.empty()) {
    auto lease = accounts_->changes.try_acquire(batch.changes.size() * kBytesPerChange, Urgency::live);
    if (!lease) {
      waiting_for_memory_ = std::move(batch);
      return;
    }
    batch.lease = std::move(*lease);
  }
  ++put_;
  if (batch.end_lsn) put_lsn_ = batch.end_lsn;
  fence_.add(std::move(batch));
  for (ChangeBatch& passed : fence_.take_unchecked()) released.push_back(std::move(passed));
}

void Process::ask_fence() { fence_answer_ = world_.source.snapshot(); }

void Process::answer_fence() {
  for (ChangeBatch& batch : fence_.release(*std::exchange(fence_answer_, std::nullopt)))
    released.push_back(std::move(batch));
}

void Process::fan_out(std::size_t i) {
  ChangeBatch batch = take_any(released, i);
  for (const Xid xid : batch.xids) {
    for (const Transaction& transaction : world_.source.wal()) {
      if (static_cast<std::uint32_t>(transaction.xid) != xid.value) continue;
      world_.verdict.check(Invariant::no_read_before_visible, transaction.visible_at != kNever, [&] {
        return "changes of transaction " + std::to_string(transaction.xid) + " passed the fence unseen";
      });
    }
  }
  trace([&] {
    return "group " + std::to_string(batch.seq.value) +
           (batch.end_lsn ? " up to " + to_text(*batch.end_lsn) : " (part)");
  });
  stages::FanoutOut out = stages::fan_out(plan_, std::move(batch));
  FLUSSO_CHECK(out.old_rows.empty(), "every old tuple of the simulator names its documents");
  inbox.emplace_back(std::move(out.announced));
  for (stages::KeyPage& page : out.direct) inbox.emplace_back(std::move(page));
  if (!out.lookups.empty()) lookups.push_back(std::move(out.lookups));
}

void Process::resolve(std::size_t i) {
  std::vector<stages::KeyPage> pages;
  for (const LookupPlan::Start& start : lookups[i].starts) {
    const LookupPath& path = plan_.paths[start.path.value];
    const std::vector<std::string> keys = world_.source.look_up(path, start.values);
    for (std::size_t from = 0; from < keys.size(); from += 2) {
      stages::KeyPage page{lookups[i].seq, path.index, {}, {}, {}};
      page.keys.assign(keys.begin() + static_cast<std::ptrdiff_t>(from),
                       keys.begin() + static_cast<std::ptrdiff_t>(std::min(from + 2, keys.size())));
      auto lease = accounts_->ids.try_acquire(page.keys.size(), Urgency::live);
      if (!lease) return;  // the lane waits; what it holds goes back meanwhile
      page.ids = std::move(*lease);
      pages.push_back(std::move(page));
    }
  }
  stages::KeyPage last{lookups[i].seq, {}, {}, {}, static_cast<std::uint32_t>(pages.size() + 1)};
  pages.push_back(std::move(last));
  take_any(lookups, i);
  for (stages::KeyPage& page : pages) inbox.emplace_back(std::move(page));
}

// ---- ledger ---------------------------------------------------------------------------------------------------------

void Process::deliver(std::size_t i) { ledger(take_any(inbox, i)); }

void Process::note_dispatch(IndexId index, std::string_view key, Targets targets) {
  ++dispatched_;
  trace([&] {
    return "dispatch of " + std::to_string(global(index)) + "/" + std::string(key) + " to " +
           std::to_string(targets.bits);
  });
  for_each_sink(targets, world_.sinks.size(), [&](std::size_t sink) {
    Attempt& attempt = attempts_[{sink, global(index), std::string(key)}];
    world_.verdict.check(
        Invariant::one_attempt_per_id, !attempt.busy && attempt.doubtful_until_ms <= world_.now_ms, [&] {
          return "a second attempt for document " + std::string(key) + " of index " + std::to_string(global(index)) +
                 " in sink " + std::to_string(sink) + (attempt.busy ? "" : " while a write in doubt may still land");
        });
    attempt.busy = true;
  });
}

void Process::note_end(const stages::LedgerEvent& event) {
  if (const auto* done = std::get_if<stages::Completion>(&event)) {
    for (const stages::CompletedDoc& doc : done->docs)
      attempts_[{done->sink.value, global(doc.index), std::string(doc.key)}].busy = false;
  } else if (const auto* failed = std::get_if<stages::BuildFailed>(&event)) {
    for_each_sink(failed->targets, world_.sinks.size(), [&](std::size_t sink) {
      attempts_[{sink, global(failed->index), failed->key}].busy = false;
    });
  }
}

void Process::ledger(stages::LedgerEvent event) {
  stages::LedgerOut out;
  note_end(event);
  ledger_->handle(std::move(event), out);
  for (BuildBatch& batch : out.builds) {
    for (const BuildItem& item : batch.items) note_dispatch(batch.index, item.key, item.targets);
    builds.push_back(std::move(batch));
  }
  for (DocBatch& batch : out.seed_docs) {
    for (const DocRow& row : batch.rows) note_dispatch(batch.index, batch.key(row), row.targets);
    const auto shared = std::make_shared<const DocBatch>(std::move(batch));
    for (std::size_t sink = 0; sink < world_.sinks.size(); ++sink) packs.push_back(PackJob{sink, shared});
  }
  for (stages::Settled& settled : out.settled) order_.emplace(settled.seq.value, std::move(settled));
  while (!order_.empty() && order_.begin()->first == next_settled_) {
    if (const auto durable = confirm_->settle(std::move(order_.begin()->second))) durable_ = durable;
    order_.erase(order_.begin());
    ++next_settled_;
  }
  for (const stages::Ticket ticket : out.may_start)
    for (ChunkJob& job : chunk_jobs) job.may_start = job.may_start || job.ticket == ticket;
  for (const stages::Ticket ticket : out.recorded)
    script_.push_back([this, ticket] { return on_recorded(ticket), true; });
  answered_.insert(out.answered.begin(), out.answered.end());
  world_.verdict.check(Invariant::no_write_reaches_a_retired_generation, out.alarms.empty(),
                       [&] { return out.alarms.front(); });
}

// ---- build and pack -------------------------------------------------------------------------------------------------

DocBatch Process::batch_of(IndexId index, const std::vector<Document>& documents, Origin origin) {
  auto slab = std::make_shared<Slab>();
  DocBatch batch;
  batch.index = index;
  for (const Document& document : documents) {
    DocRow row;
    row.key_offset = static_cast<std::uint32_t>(slab->bytes.size());
    row.key_length = static_cast<std::uint32_t>(document.key.size());
    slab->bytes += document.key;
    row.body_offset = static_cast<std::uint32_t>(slab->bytes.size());
    if (document.content) slab->bytes += *document.content;
    row.body_length = static_cast<std::uint32_t>(slab->bytes.size()) - row.body_offset;
    row.targets = document.targets;
    batch.rows.push_back(row);
  }
  if (auto lease = accounts_->documents.try_acquire(slab->bytes.size(), Urgency::live)) slab->lease = std::move(*lease);
  origins_[slab.get()] = origin;
  batch.slab = std::move(slab);
  return batch;
}

// A document that cannot be built and is left out counts as dealt with by that read.
void Process::note_unbuildable(IndexId index, const std::string& key, Targets targets) {
  for_each_sink(targets, world_.sinks.size(), [&](std::size_t sink) {
    for (unsigned slot = 0; slot < 2; ++slot) {
      if (!targets.has(SinkId{static_cast<std::uint8_t>(sink)}, slot)) continue;
      auto& generations = world_.sinks[sink].generations[global(index)];
      const auto found = generations.find(kept_[sink][index.value].slots[slot]);
      if (found != generations.end()) found->second.documents[key].read_at = world_.event;
    }
  });
}

void Process::build(std::size_t i) {
  const BuildBatch batch = take_any(builds, i);
  std::vector<std::vector<Document>> parts(1);
  for (const BuildItem& item : batch.items) {
    auto content = world_.source.document(global(batch.index), std::stoi(item.key));
    if (content && is_broken(*content)) {
      note_unbuildable(batch.index, item.key, item.targets);
      inbox.emplace_back(stages::BuildFailed{batch.index, item.targets, item.key});
      continue;
    }
    if (!parts.back().empty() && world_.random.chance(30)) parts.emplace_back();
    parts.back().push_back(Document{item.key, std::move(content), item.targets});
  }
  for (const auto& part : parts) {
    if (part.empty()) continue;
    const auto shared = std::make_shared<const DocBatch>(batch_of(batch.index, part, Origin{world_.event, false}));
    for (std::size_t sink = 0; sink < world_.sinks.size(); ++sink) packs.push_back(PackJob{sink, shared});
  }
  inbox.emplace_back(stages::BuildFinished{});
}

void Process::pack(std::size_t i) {
  const PackJob job = take_any(packs, i);
  std::vector<BulkRequest> out;
  packers_[job.sink]->add(*job.docs, world_.time(), out);
  for (BulkRequest& request : out) requests_[job.sink].push_back(std::move(request));
}

void Process::tick() {
  if (!live_) return;
  for (std::size_t sink = 0; sink < packers_.size(); ++sink) {
    std::vector<BulkRequest> out;
    packers_[sink]->tick(world_.time(), world_.random.chance(10), out);
    for (BulkRequest& request : out) requests_[sink].push_back(std::move(request));
  }
  ledger(stages::Tick{world_.time()});
}

// ---- wire -----------------------------------------------------------------------------------------------------------

bool Process::can_send(std::size_t sink) const {
  return !requests_[sink].empty() && on_wire_[sink] < world_.requests_on_wire;
}

void Process::send(std::size_t sink) {
  BulkRequest request = std::move(requests_[sink].front());
  requests_[sink].pop_front();
  ++on_wire_[sink];
  launch(sink, std::move(request));
}

void Process::send_again(std::size_t i) {
  BulkRequest request = take_any(again, i);
  const std::size_t sink = request.sink.value;
  launch(sink, std::move(request));
}

Process::Origin Process::origin(const BulkRequest& request, const BulkItem& item) const {
  for (const auto& slab : request.slabs) {
    const std::less_equal<const char*> not_after;
    if (not_after(slab->bytes.data(), item.key.data()) &&
        not_after(item.key.data(), slab->bytes.data() + slab->bytes.size()))
      return origins_.at(slab.get());
  }
  FLUSSO_CHECK(false, "a document's slab must live as long as its request");
}

void Process::launch(std::size_t sink, BulkRequest request) {
  Wire wire;
  wire.id = world_.next_wire++;
  wire.process = id_;
  wire.items = request.items.size();
  for (std::size_t i = 0; i < request.items.size(); ++i) {
    const BulkItem& item = request.items[i];
    const Origin from = origin(request, item);
    for (unsigned slot = 0; slot < 2; ++slot) {
      if (!item.targets.has(request.sink, slot)) continue;
      Write write{i,
                  global(item.index),
                  kept_[sink][item.index.value].slots[slot],
                  std::string(item.key),
                  {},
                  from.read_at,
                  from.from_seed};
      if (!item.body.empty()) write.content = std::string(item.body);
      wire.writes.push_back(std::move(write));
    }
  }
  wire.fate = world_.next_fate(sink, wire);
  wire.held = world_.hold && world_.hold(wire);
  sent_.emplace(wire.id, OnWire{sink, std::move(request)});
  world_.sinks[sink].wires.push_back(std::move(wire));
}

void Process::take_reply(std::size_t sink, Wire& wire) {
  auto found = sent_.extract(wire.id);
  BulkReply reply;
  reply.request = std::move(found.mapped().request);
  BulkOutcome outcome;
  wire.replied = true;
  const auto failed = [&](ErrorKind kind, const char* code, bool maybe_applied) {
    reply.failure = Error{kind, code, "simulated"};
    reply.maybe_applied = maybe_applied;
  };
  switch (wire.fate) {
    case Wire::Fate::answered:
      for (const OutcomeKind kind : wire.outcomes) outcome.items.push_back(Outcome{kind, ""});
      break;
    case Wire::Fate::refused:
      failed(ErrorKind::transient, "http.503", false);
      break;
    case Wire::Fate::too_large:
      failed(ErrorKind::permanent, "http.413", false);
      break;
    case Wire::Fate::lost_reply:
      failed(ErrorKind::transient, "http.reset", true);
      break;
    case Wire::Fate::zombie:
      failed(ErrorKind::transient, "http.504", true);
      wire.must_land_ms = world_.now_ms + kInDoubtMs;
      break;
  }
  if (wire.fate == Wire::Fate::refused || wire.fate == Wire::Fate::too_large) wire.worked = true;
  if (reply.maybe_applied)
    for (const BulkItem& item : reply.request.items)
      attempts_[{sink, global(item.index), std::string(item.key)}].doubtful_until_ms = world_.now_ms + kInDoubtMs;

  bool slot = reply.request.holds_slot;
  stages::SettleOut out = stages::settle(std::move(reply), outcome, plan_, render);
  FLUSSO_CHECK(!out.fatal, "no document stops the simulated run");
  for (BulkRequest& piece : out.again) {
    piece.holds_slot = std::exchange(slot, false);
    again.push_back(std::move(piece));
  }
  if (!out.completion.docs.empty()) inbox.emplace_back(std::move(out.completion));
  if (!slot) return;
  --on_wire_[sink];
  std::vector<BulkRequest> more;
  packers_[sink]->request_done(world_.time(), more);
  for (BulkRequest& request : more) requests_[sink].push_back(std::move(request));
}

void Process::feed_back() {
  const Lsn lsn = *std::exchange(durable_, std::nullopt);
  for (SimSink& sink : world_.sinks) sink.claimed = std::max(sink.claimed, lsn);
  world_.verdict.check(Invariant::confirmed_lsn_never_decreases, lsn >= world_.slot_confirmed,
                       [&] { return "confirmed " + to_text(world_.slot_confirmed) + ", then " + to_text(lsn); });
  world_.slot_confirmed = lsn;
  world_.check_generations(lsn);
}

std::string Process::describe() const {
  std::string text =
      "process " + std::to_string(id_) + (live_ ? " live" : " starting") + (draining_ ? " draining" : "");
  text += ", script " + std::to_string(script_.size()) + ", inbox " + std::to_string(inbox.size()) + ", released " +
          std::to_string(released.size()) + ", lookups " + std::to_string(lookups.size()) + ", builds " +
          std::to_string(builds.size()) + ", packs " + std::to_string(packs.size()) + ", on wire " +
          std::to_string(sent_.size()) + ", again " + std::to_string(again.size()) + ", chunk jobs " +
          std::to_string(chunk_jobs.size()) + ", fence " + std::to_string(fence_.size());
  if (ledger_)
    text += ", ledger documents " + std::to_string(ledger_->documents()) + " queued " +
            std::to_string(ledger_->queued()) + " groups " + std::to_string(ledger_->groups());
  for (std::size_t sink = 0; sink < requests_.size(); ++sink)
    text += ", sink " + std::to_string(sink) + " queue " + std::to_string(requests_[sink].size());
  for (const Job& job : jobs_)
    text += ", job of index " + std::to_string(global_[job.index]) + " recorded " +
            std::to_string(job.seeding->recorded()) + " of " + std::to_string(job.seeding->chunks()) +
            (job.finished ? " finished" : "");
  return text;
}

}  // namespace flusso::sim
