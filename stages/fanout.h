#pragma once
// From a batch of changes to document keys: straight away where a column of the row is a document's key, and as a
// LookupPlan for the rest, with every value once per batch. No query here, and none per key later.
// Thread: any; pure, const.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/batches.h"
#include "model/change.h"
#include "model/plan.h"
#include "stages/events.h"

namespace flusso::stages {

struct FanoutOut {
  GroupAnnounced announced;
  std::vector<KeyPage> direct;  // one page per index touched directly; together they are one part
  LookupPlan lookups;           // one more part when not empty
  // Per index: tokens of rows whose old version does not name its document (model/row_token.h). The documents that
  // carry them are one more part of the group, when there is a sink to ask; `parts` does not count it.
  std::map<IndexId, std::vector<std::string>> old_rows;
  // Per index touched so: changed root rows with NULL in their key, which name no document.
  std::map<IndexId, std::uint64_t> null_keys;
};

// Consumes the batch. Old and new tuple both count: a row that moved touches the document it left and the one it
// joined.
FanoutOut fan_out(const Plan& plan, ChangeBatch batch);

}  // namespace flusso::stages
