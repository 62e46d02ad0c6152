// The ledger's half that seeds: chunks begin, bring their documents, which yield to newer reads, and end.
#include <algorithm>
#include <utility>

#include "model/check.h"
#include "stages/ledger.h"

namespace flusso::stages {

void Ledger::on(SetTargets& event, LedgerOut&) {
  Index& target = index(event.index);
  target.targets = event.targets;
  const SinkMask changed = sinks_of(Targets{target.seeding.bits ^ event.seeding.bits});
  target.seeding = event.seeding;
  // What was written to these sinks before went elsewhere; the others go on seeding and must not forget.
  if (changed != 0) target.touched.forget_sinks(changed);
}

void Ledger::on(ChunkStart& event, LedgerOut&) { waiting_starts_.push_back(event); }

void Ledger::start_chunks(LedgerOut& out) {
  while (!waiting_starts_.empty()) {
    const ChunkStart start = waiting_starts_.front();
    Index& target = index(start.index);
    if (target.touched.size() >= limits_.touched_budget) {
      forget_touched(target);
      if (target.touched.size() >= limits_.touched_budget && !chunks_.empty()) return;
    }
    waiting_starts_.pop_front();
    const HolderId id = new_holder();
    Holder& holder = holders_[id];
    holder.is_chunk = true;
    holder.ticket = start.ticket;
    holder.index = start.index;
    holder.started_at = event_number_;
    chunks_.emplace(start.ticket.value, id);
    out.may_start.push_back(start.ticket);
  }
}

// A remembered pair may go once every chunk whose transaction began before its attempt completed has been admitted.
void Ledger::forget_touched(Index& target) {
  std::uint64_t oldest = event_number_ + 1;
  for (const auto& [ticket, id] : chunks_) oldest = std::min(oldest, holders_[id].started_at);
  target.touched.forget_ended_before(oldest);
}

void Ledger::on(SeedDocs& event, LedgerOut& out) {
  const auto chunk = chunks_.find(event.ticket.value);
  FLUSSO_CHECK(chunk != chunks_.end(), "documents of a chunk that was never started");
  const HolderId holder = chunk->second;
  const IndexId id = event.batch.index;
  Index& target = index(id);

  std::vector<DocRow> admitted;
  admitted.reserve(event.batch.rows.size());
  for (DocRow& row : event.batch.rows) {
    const std::string_view key = event.batch.key(row);
    const SinkMask sinks = sinks_of(row.targets & target.seeding);
    if (sinks == 0) continue;
    const auto found = target.entries.find(key);
    SinkMask write = 0;
    for_each_sink(sinks, [&](std::uint8_t sink) {
      const bool touched = target.touched.contains(key, sink);
      if (found == target.entries.end()) {
        if (!touched) write = static_cast<SinkMask>(write | bit(sink));
        return;  // touched and idle: the newer document is already there
      }
      Entry& entry = found->second;
      if ((entry.busy & bit(sink)) != 0) {
        if (!touched) entry.dirty = static_cast<SinkMask>(entry.dirty | bit(sink));  // it read before seeding began
        wait_for(entry, holder, sink, !touched);
      } else if (((entry.queued | entry.doubt) & bit(sink)) != 0) {
        wait_for(entry, holder, sink, false);
      } else if (!touched) {
        write = static_cast<SinkMask>(write | bit(sink));
      }
    });
    if (write == 0) continue;
    Entry& entry =
        found != target.entries.end() ? found->second : target.entries.try_emplace(std::string(key)).first->second;
    entry.busy = static_cast<SinkMask>(entry.busy | write);
    for_each_sink(write, [&](std::uint8_t sink) { wait_for(entry, holder, sink, false); });
    row.targets = targets_of(write, row.targets & target.seeding);
    admitted.push_back(row);
  }
  event.batch.rows = std::move(admitted);
  if (!event.batch.rows.empty()) out.seed_docs.push_back(std::move(event.batch));
  holders_[holder].batches_seen += 1;
  if (holders_[holder].batches_expected && holders_[holder].batches_seen == *holders_[holder].batches_expected)
    chunks_.erase(event.ticket.value);
  holder_changed(holder, out);
}

void Ledger::on(ChunkEnd& event, LedgerOut& out) {
  const auto chunk = chunks_.find(event.ticket.value);
  FLUSSO_CHECK(chunk != chunks_.end(), "the end of a chunk that was never started");
  const HolderId id = chunk->second;
  Holder& holder = holders_[id];
  holder.batches_expected = event.batches;
  holder.failed = !event.complete;
  if (holder.batches_seen == event.batches) chunks_.erase(chunk);
  holder_changed(id, out);
}

}  // namespace flusso::stages
