#include "stages/assemble.h"

#include <algorithm>
#include <utility>

#include "model/check.h"

namespace flusso::stages {

Assemble::Assemble(Lsn confirmed, AssembleLimits limits) : limits_(limits), emitted_(confirmed), reached_(confirmed) {}

void Assemble::open(SteadyTime now) {
  if (open_) return;
  open_ = true;
  opened_ = now;
}

void Assemble::begin(Xid xid) {
  in_transaction_ = true;
  xid_ = xid;
  xid_noted_ = false;
}

std::int32_t Assemble::append(const std::vector<FieldText>& fields) {
  const auto first = static_cast<std::int32_t>(group_.fields.size());
  for (const FieldText& field : fields) {
    group_.fields.push_back(ChangeBatch::Field{field.state, static_cast<std::uint32_t>(group_.texts.size()),
                                               static_cast<std::uint32_t>(field.text.size())});
    group_.texts.append(field.text);
  }
  return first;
}

void Assemble::row(const RowEvent& event, SteadyTime now) {
  open(now);
  if (!xid_noted_) {
    group_.xids.push_back(xid_);
    xid_noted_ = true;
  }
  ChangeBatch::Change change{event.table, event.op, -1, -1};
  if (event.old_fields != nullptr) change.old_fields = append(*event.old_fields);
  if (event.new_fields != nullptr) change.new_fields = append(*event.new_fields);
  group_.changes.push_back(change);
  end_unseen_ = true;
}

void Assemble::gap(const CaptureGap& event, SteadyTime now) {
  open(now);
  if (!xid_noted_) {
    group_.xids.push_back(xid_);
    xid_noted_ = true;
  }
  for (TableGap gap : event.gaps) {
    gap.xid = xid_;
    group_.gaps.push_back(gap);
  }
  end_unseen_ = true;
}

void Assemble::commit(Xid, Lsn end_lsn, SteadyTime now) {
  in_transaction_ = false;
  end_unseen_ = false;
  open(now);
  // A transaction replayed after the slot stepped back: its changes count, its position does not.
  reached_ = std::max(reached_, end_lsn);
}

void Assemble::keepalive(Lsn lsn, SteadyTime now) {
  // Inside a transaction the position says nothing; after a reconnect positions go back, because decoding restarts.
  if (in_transaction_ || lsn <= reached_) return;
  open(now);
  reached_ = lsn;
}

std::uint64_t Assemble::bytes() const {
  return group_.texts.size() + group_.fields.size() * sizeof(ChangeBatch::Field) +
         group_.changes.size() * sizeof(ChangeBatch::Change);
}

bool Assemble::ready(bool more, SteadyTime now) const {
  if (!open_) return false;
  if (group_.changes.size() >= limits_.max_changes || bytes() >= limits_.max_bytes) return true;
  if (!in_transaction_ && !more) return true;
  return now - opened_ >= limits_.max_age;
}

std::optional<SteadyTime> Assemble::deadline() const {
  if (!open_) return std::nullopt;
  return opened_ + limits_.max_age;
}

ChangeBatch Assemble::take() {
  FLUSSO_CHECK(open_, "no group is open");
  group_.seq = GroupSeq{next_seq_++};
  if (!end_unseen_ && reached_ > emitted_) {
    group_.end_lsn = reached_;
    emitted_ = reached_;
  }
  open_ = false;
  xid_noted_ = false;  // the next part of the same transaction names it again
  return std::exchange(group_, ChangeBatch{});
}

}  // namespace flusso::stages
