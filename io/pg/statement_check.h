#pragma once
// Has the server parse every statement that reads for an index, so that a column that is gone, a raw filter that names
// nothing or a missing operator is found before a lane meets it. Thread: one per connection.

#include "io/pg/conn.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

// Errors: what the server or the SQL builders say, permanent or config, with the index; transient as they come.
Status check_statements_are_taken(Conn& conn, const Plan& plan);

}  // namespace flusso::pg
