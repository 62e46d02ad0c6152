#pragma once
// [source] manage_replica_identity: sets the replica identity of tables whose old rows do not name their old parents.
// Only where that is cheap for the tables' owner, and nothing is created:
//
//   a unique index that is not partial, immediate, over NOT NULL columns and holds what is needed   USING INDEX
//   no column that may be stored out of line                                                        FULL
//   anything else, or a table of somebody else                                                      left alone, said
//
// Partition by partition, because each leaf has its own. ALTER TABLE waits two seconds for its lock, three times, so
// that a busy table is not held up by a statement of ours that waits. Thread: one per connection.

#include <stop_token>

#include "io/pg/conn.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

// True when an identity was changed. What cannot be changed is a warning, never an error. Errors: the connection's.
Result<bool> widen_identities(Conn& conn, const Plan& plan, const std::stop_token& stop);

}  // namespace flusso::pg
