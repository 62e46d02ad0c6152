#pragma once
// What a bulk reply means: which documents are done, which go out again unchanged, which are in doubt and must be
// rebuilt, and whether the run has to stop. The policy is decided here and nowhere else:
//
// clang-format off
//   applied          done
//   gone             done when the generation was retired, else an alarm
//   in doubt         rebuilt by the ledger
//   retry, refused   sent again after a backoff, as a smaller request
//   rejected         the index's on_error: skip = quarantined and done; stop = the run ends, nothing is confirmed
//   413 or 400 for the whole request
//                    cut in two, documents first and generations last, so that one poison document cannot hold the others
// clang-format on
//
// Thread: any; pure.

#include <optional>
#include <string>
#include <vector>

#include "model/batches.h"
#include "model/plan.h"
#include "stages/bulk_body.h"
#include "stages/events.h"

namespace flusso::stages {

struct Quarantined {
  IndexId index;
  std::string key;
  std::string reason;
};

struct SettleOut {
  Completion completion;           // may be empty
  std::vector<BulkRequest> again;  // to be sent; the first one inherits the request's slot
  std::vector<Quarantined> quarantined;
  std::optional<Error> fatal;  // on_error = stop met a rejected document
};

// `outcome` is BulkWriter::read_reply's answer; it is ignored when reply.failure is set.
SettleOut settle(BulkReply reply, const BulkOutcome& outcome, const Plan& plan, const RenderAction& render);

}  // namespace flusso::stages
