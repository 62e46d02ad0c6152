#pragma once
// Generated columns by which rows are looked up: a row of the stream does not carry them, so that neither a key nor a
// parent can be told from it. Since Postgres 18 a publication may carry the stored ones. Thread: one per connection.

#include <string>
#include <vector>

#include "io/pg/conn.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

// One finding per such column: permanent pg.generated_key.
Result<std::vector<Error>> check_generated(Conn& conn, const std::string& publication, const Plan& plan);

}  // namespace flusso::pg
