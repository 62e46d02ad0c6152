#include "stages/ledger.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "model/check.h"

namespace flusso::stages {

Ledger::Ledger(std::size_t indexes, LedgerLimits limits) : limits_(limits), indexes_(indexes) {
  for (Index& i : indexes_) i.batch = limits_.build_batch;
}

std::size_t Ledger::documents() const {
  std::size_t count = 0;
  for (const Index& i : indexes_) count += i.entries.size();
  return count;
}

std::size_t Ledger::queued() const {
  std::size_t count = 0;
  for (const Index& i : indexes_) count += i.queue.size();
  return count;
}

std::size_t Ledger::touched() const {
  std::size_t count = 0;
  for (const Index& i : indexes_) count += i.touched.size();
  return count;
}

void Ledger::handle(LedgerEvent event, LedgerOut& out) {
  ++event_number_;
  std::visit([&](auto& e) { on(e, out); }, event);
  dispatch(out);
  start_chunks(out);
  if (ids_.bytes() != 0) ids_.shrink_to(units_of_ids());
  answer_idle(out);
}

// One per document; and one for every eight that wait for documents, which together are as large: thousands of groups
// may wait for the same hundred thousand documents while a sink is away.
std::uint64_t Ledger::units_of_ids() const { return documents() + waiting_ / 8; }

// ---- groups --------------------------------------------------------------------------------------------------------

Ledger::HolderId Ledger::new_holder() {
  HolderId id = 0;
  if (!free_holders_.empty()) {
    id = free_holders_.back();
    free_holders_.pop_back();
    holders_[id] = Holder{};
  } else {
    id = static_cast<HolderId>(holders_.size());
    holders_.emplace_back();
  }
  holders_[id].used = true;
  return id;
}

Ledger::HolderId Ledger::group(GroupSeq seq) {
  const auto found = groups_.find(seq.value);
  if (found != groups_.end()) return found->second;
  const HolderId id = new_holder();
  holders_[id].seq = seq;
  groups_.emplace(seq.value, id);
  return id;
}

void Ledger::on(GroupAnnounced& event, LedgerOut& out) {
  const HolderId id = group(event.seq);
  Holder& holder = holders_[id];
  FLUSSO_CHECK(!holder.announced, "a group was announced twice");
  holder.announced = true;
  holder.parts = event.parts;
  holder.end_lsn = event.end_lsn;
  holder.change_lease = std::move(event.change_lease);
  if (event.searches) holder.wanted = std::make_unique<std::unordered_set<std::string>>();
  group_grew(id, out);
}

void Ledger::on(KeyPage& event, LedgerOut& out) {
  const HolderId id = group(event.seq);
  holders_[id].pages_seen += 1;
  if (event.pages_of_part) {
    holders_[id].pages_expected += *event.pages_of_part;
    holders_[id].parts_ended += 1;
  }
  ids_.absorb(std::move(event.ids));
  for (std::string& key : event.keys) {
    if (const auto& wanted = holders_[id].wanted) {
      std::string document = std::to_string(event.index.value) + ':' + key;
      if (event.found && wanted->contains(document)) continue;
      if (!event.found && wanted->size() < limits_.wanted_budget) wanted->insert(std::move(document));
    }
    want(event.index, std::move(key), id);
  }
  group_grew(id, out);
}

// While the source is far ahead, a document is written the fewer times the more of its changes are known: so changes
// that are resolved make room for others long before they are confirmed.
void Ledger::group_grew(HolderId id, LedgerOut& out) {
  Holder& holder = holders_[id];
  if (holder.resolved()) {
    holder.wanted.reset();
    holder.change_lease->shrink_to(holder.change_lease->bytes() / limits_.resolved_part);
  }
  holder_changed(id, out);
}

void Ledger::wait_for(Entry& entry, HolderId holder, std::uint8_t sink, bool next) {
  const Waiter waiter{holder, sink, next};
  // Most repetitions come at once; one that slips through is counted and released twice, which is harmless.
  if (!entry.waiters.empty() && entry.waiters.back() == waiter) return;
  entry.waiters.push_back(waiter);
  ++waiting_;
  holders_[holder].pending += 1;
}

void Ledger::enqueue(Index& target, Entries::value_type& entry, SinkMask sinks, Place place) {
  entry.second.queued = static_cast<SinkMask>(entry.second.queued | sinks);
  if (entry.second.in_queue || entry.second.queued == 0) return;
  entry.second.in_queue = true;
  if (place == Place::back)
    target.queue.push_back(&entry);
  else
    target.queue.push_front(&entry);
}

void Ledger::want(IndexId id, std::string key, HolderId holder) {
  Index& target = index(id);
  const SinkMask sinks = sinks_of(target.targets);
  if (sinks == 0) return;
  auto& entry = *target.entries.try_emplace(std::move(key)).first;
  SinkMask to_queue = 0;
  for_each_sink(sinks, [&](std::uint8_t sink) {
    Entry& e = entry.second;
    if ((e.busy & bit(sink)) != 0) {  // that attempt may already have read: only the next one counts
      e.dirty = static_cast<SinkMask>(e.dirty | bit(sink));
      wait_for(e, holder, sink, true);
      return;
    }
    if ((e.doubt & bit(sink)) == 0) to_queue = static_cast<SinkMask>(to_queue | bit(sink));
    wait_for(e, holder, sink, false);
  });
  enqueue(target, entry, to_queue);
}

void Ledger::holder_changed(HolderId id, LedgerOut& out) {
  Holder& holder = holders_[id];
  if (holder.pending != 0) return;
  if (holder.is_chunk) {
    if (!holder.batches_expected || holder.batches_seen < *holder.batches_expected) return;
    if (!holder.failed) out.recorded.push_back(holder.ticket);
    pass_barriers(id, out);
  } else {
    if (!holder.resolved()) return;
    out.settled.push_back(Settled{holder.seq, holder.end_lsn, std::move(holder.change_lease)});
    groups_.erase(holder.seq.value);
  }
  holder = Holder{};
  free_holders_.push_back(id);
}

// ---- attempts ------------------------------------------------------------------------------------------------------

void Ledger::dispatch(LedgerOut& out) {
  std::size_t empty = 0;
  while (builds_out_ < limits_.builds_in_flight && empty < indexes_.size()) {
    const IndexId id{static_cast<std::uint16_t>(next_index_)};
    next_index_ = (next_index_ + 1) % indexes_.size();
    Index& target = index(id);
    if (target.queue.empty() || target.waits(now_)) {
      ++empty;
      continue;
    }
    empty = 0;
    BuildBatch batch;
    batch.index = id;
    batch.items.reserve(std::min<std::size_t>(target.queue.size(), target.batch));
    while (!target.queue.empty() && batch.items.size() < target.batch) {
      auto& [key, entry] = *target.queue.front();
      target.queue.pop_front();
      entry.in_queue = false;
      const SinkMask wanted = std::exchange(entry.queued, SinkMask{0});
      const auto sinks = static_cast<SinkMask>(wanted & sinks_of(target.targets));
      // A sink that lost its target meanwhile wants nothing any more.
      for_each_sink(static_cast<SinkMask>(wanted & ~sinks), [&](std::uint8_t sink) { release(entry, sink, out); });
      if (sinks == 0) {
        if (entry.idle()) target.entries.erase(target.entries.find(key));
        continue;
      }
      entry.busy = static_cast<SinkMask>(entry.busy | sinks);
      // Recorded at dispatch, not at admission: an older seed document must not pass between the two.
      if (!target.seeding.empty()) target.touched.begin(key, static_cast<SinkMask>(sinks & sinks_of(target.seeding)));
      batch.items.push_back(BuildItem{key, targets_of(sinks, target.targets)});
    }
    if (batch.items.empty()) continue;
    ++builds_out_;
    target.deferral.trying = target.deferral.on;
    out.builds.push_back(std::move(batch));
  }
}

void Ledger::on(BuildFinished& event, LedgerOut&) {
  FLUSSO_CHECK(builds_out_ > 0, "a build ended that was never begun");
  --builds_out_;
  Index& target = index(event.index);
  target.deferral = {};
  target.batch = std::min(limits_.build_batch, target.batch * 2);
}

void Ledger::on(BuildDeferred& event, LedgerOut& out) {
  FLUSSO_CHECK(builds_out_ > 0, "a build ended that was never begun");
  --builds_out_;
  Index& target = index(event.index);
  Index::Deferral& deferral = target.deferral;
  deferral = {true, false, std::clamp(deferral.wait * 2, limits_.first_deferral, limits_.longest_deferral), {}};
  if (event.too_slow)
    target.batch = std::max<std::uint32_t>(
        1, std::min<std::uint32_t>(target.batch, static_cast<std::uint32_t>(event.left.size())) / 2);
  // First what was first: a batch that took too long is cut down to the document that makes it so.
  for (auto item = event.left.rbegin(); item != event.left.rend(); ++item) {
    const auto found = target.entries.find(item->key);
    const SinkMask sinks = sinks_of(item->targets);
    FLUSSO_CHECK(found != target.entries.end() && (found->second.busy & sinks) == sinks,
                 "a document was deferred that was not in flight");
    Entry& entry = found->second;
    entry.busy = static_cast<SinkMask>(entry.busy & ~sinks);
    // The next attempt begins after everything that is known now.
    entry.dirty = static_cast<SinkMask>(entry.dirty & ~sinks);
    for (Waiter& waiter : entry.waiters)
      if ((bit(waiter.sink) & sinks) != 0) waiter.next = false;
    for_each_sink(sinks, [&](std::uint8_t sink) { pass_barriers(event.index, item->key, sink, out); });
    enqueue(target, *found, sinks, Place::front);
  }
}

void Ledger::on(BuildFailed& event, LedgerOut& out) {
  for_each_sink(sinks_of(event.targets),
                [&](std::uint8_t sink) { finish(event.index, event.key, bit(sink), OutcomeKind::rejected, out); });
}

void Ledger::on(Completion& event, LedgerOut& out) {
  for (const CompletedDoc& doc : event.docs) {
    OutcomeKind outcome = doc.outcome;
    if (outcome == OutcomeKind::gone && !(doc.targets & index(doc.index).targets).empty())
      out.alarms.emplace_back("an index that is written to was deleted in the sink");
    finish(doc.index, doc.key, bit(event.sink.value), outcome, out);
  }
}

void Ledger::finish(IndexId id, std::string_view key, SinkMask sink_bit, OutcomeKind outcome, LedgerOut& out) {
  Index& target = index(id);
  const auto found = target.entries.find(key);
  FLUSSO_CHECK(found != target.entries.end() && (found->second.busy & sink_bit) != 0,
               "a document ended that was not in flight");
  Entry& entry = found->second;
  const auto sink = static_cast<std::uint8_t>(std::countr_zero(sink_bit));
  entry.busy = static_cast<SinkMask>(entry.busy & ~sink_bit);

  if (outcome == OutcomeKind::in_doubt) {
    // The old write may still land: nothing newer is sent before it has had its time, then the document is rebuilt.
    entry.doubt = static_cast<SinkMask>(entry.doubt | sink_bit);
    doubts_.push_back(Doubt{{}, id, std::string(key), sink_bit});
  } else {
    target.touched.end(key, sink, event_number_);
    release(entry, sink, out);
    pass_barriers(id, key, sink, out);
  }
  if ((entry.dirty & sink_bit) != 0) {
    entry.dirty = static_cast<SinkMask>(entry.dirty & ~sink_bit);
    for (Waiter& waiter : entry.waiters)
      if (waiter.sink == sink) waiter.next = false;
    if ((entry.doubt & sink_bit) == 0) enqueue(target, *found, sink_bit);
  }
  if (entry.idle()) target.entries.erase(found);
}

void Ledger::release(Entry& entry, std::uint8_t sink, LedgerOut& out) {
  for (std::size_t i = 0; i < entry.waiters.size();) {
    const Waiter waiter = entry.waiters[i];
    if (waiter.sink != sink || waiter.next) {
      ++i;
      continue;
    }
    entry.waiters[i] = entry.waiters.back();
    entry.waiters.pop_back();
    --waiting_;
    holders_[waiter.holder].pending -= 1;
    holder_changed(waiter.holder, out);
  }
}

void Ledger::on(Tick& event, LedgerOut& out) {
  now_ = event.now;
  for (Index& i : indexes_)
    if (i.deferral.on && !i.deferral.until) i.deferral.until = now_ + i.deferral.wait;
  for (auto doubt = doubts_.rbegin(); doubt != doubts_.rend() && !doubt->until; ++doubt)
    doubt->until = event.now + limits_.in_doubt_wait;
  while (!doubts_.empty() && *doubts_.front().until <= event.now) {
    const Doubt doubt = std::move(doubts_.front());
    doubts_.pop_front();
    Index& target = index(doubt.index);
    const auto found = target.entries.find(doubt.key);
    FLUSSO_CHECK(found != target.entries.end(), "a document in doubt was forgotten");
    found->second.doubt = static_cast<SinkMask>(found->second.doubt & ~doubt.sinks);
    for_each_sink(doubt.sinks, [&](std::uint8_t sink) { pass_barriers(doubt.index, doubt.key, sink, out); });
    enqueue(target, *found, doubt.sinks);
  }
}

// ---- control -------------------------------------------------------------------------------------------------------

void Ledger::on(BarrierRequest& event, LedgerOut& out) {
  Barrier barrier{event.id, event.index, {}, {}};
  for (const auto& [key, entry] : index(event.index).entries) {
    for_each_sink(static_cast<SinkMask>(entry.busy | entry.doubt),
                  [&](std::uint8_t sink) { barrier.waiting.insert(key + static_cast<char>(sink)); });
  }
  for (HolderId id = 0; id < holders_.size(); ++id)
    if (holders_[id].used && holders_[id].is_chunk && holders_[id].index == event.index) barrier.chunks.insert(id);
  barriers_.push_back(std::move(barrier));
  answer_barriers(out);
}

void Ledger::pass_barriers(IndexId id, std::string_view key, std::uint8_t sink, LedgerOut& out) {
  if (barriers_.empty()) return;
  for (Barrier& barrier : barriers_)
    if (barrier.index == id) barrier.waiting.erase(std::string(key) + static_cast<char>(sink));
  answer_barriers(out);
}

void Ledger::pass_barriers(HolderId chunk, LedgerOut& out) {
  if (barriers_.empty()) return;
  for (Barrier& barrier : barriers_) barrier.chunks.erase(chunk);
  answer_barriers(out);
}

void Ledger::answer_barriers(LedgerOut& out) {
  std::erase_if(barriers_, [&out](const Barrier& barrier) {
    if (barrier.passed()) out.answered.push_back(barrier.id);
    return barrier.passed();
  });
}

void Ledger::on(IdleRequest& event, LedgerOut&) { idle_requests_.push_back(event.id); }

void Ledger::answer_idle(LedgerOut& out) {
  if (idle_requests_.empty() || !groups_.empty()) return;
  for (const Index& i : indexes_)
    if (!i.entries.empty()) return;
  out.answered.insert(out.answered.end(), idle_requests_.begin(), idle_requests_.end());
  idle_requests_.clear();
}

}  // namespace flusso::stages
