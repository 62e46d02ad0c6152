#include "pipeline/claims.h"

#include <utility>

#include "model/log.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kClaimsLog{"run"};

}  // namespace

Result<std::optional<GroupSeq>> Claims::confirm(SteadyTime at, ChangeCapture& capture) {
  if (!durable_ || at - last_claim_ < options_.claim_interval) return std::optional<GroupSeq>();
  if (commits_ != nullptr)
    if (const auto last = commits_->last_up_to(durable_->lsn)) last_commit_ = last;
  for (std::size_t s = 0; s < backends_.sinks().size(); ++s) {
    SinkBackend& sink = backends_.sinks()[s];
    if (!sink.records) continue;
    SourceRecord& record = prepared_.records[s];
    if (record.claimed >= durable_->lsn) continue;
    SourceRecord claim = record;
    claim.claimed = durable_->lsn;
    if (last_commit_) claim.last_commit = last_commit_;
    if (const Status saved = sink.records->save_source(claim); !saved) {
      if (saved.error().kind != ErrorKind::transient) return fail(saved.error());
      kClaimsLog.warn("the confirmed position cannot be noted in the sink; nothing is confirmed meanwhile",
                      kv("sink", sink.name), kv("reason", saved.error().what));
      last_claim_ = at;
      return std::optional<GroupSeq>();
    }
    record = std::move(claim);
  }
  last_claim_ = at;
  status_.set_confirmed(durable_->lsn);  // before it can be seen in the slot: SlotWatch compares the two
  capture.confirm(durable_->lsn);
  const GroupSeq confirmed_group = std::exchange(durable_, std::nullopt)->seq;
  return std::optional(confirmed_group);
}

}  // namespace flusso::pipeline
