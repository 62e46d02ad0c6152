#include "stages/confirm.h"

#include "model/check.h"

namespace flusso::stages {

std::optional<Lsn> Confirm::settle(Settled group) {
  FLUSSO_CHECK(group.seq.value == next_seq_, "groups must be confirmed in order");
  ++next_seq_;
  if (!group.end_lsn) return std::nullopt;
  FLUSSO_CHECK(*group.end_lsn >= durable_, "a confirmed position must never go back");
  if (*group.end_lsn == durable_) return std::nullopt;
  durable_ = *group.end_lsn;
  return durable_;
}

}  // namespace flusso::stages
