#pragma once
// Visibility: which transactions a snapshot taken now can see. One connection, one prepared statement; after an error
// the next call connects anew. Must ask the primary: a delivered commit can be invisible there too, until the server
// has taken it out of its list of running transactions (always for microseconds, with a lagging synchronous standby for
// long). Thread: one (the fence lane).

#include <optional>
#include <string_view>

#include "io/pg/conn.h"
#include "io/pg/pg_source.h"
#include "model/ports/source.h"

namespace flusso::pg {

// "727:730:727,729" as pg_snapshot prints it. Errors: bug pg.snapshot.
Result<SnapshotXids> parse_snapshot(std::string_view text);

class PgVisibility final : public Visibility {
 public:
  explicit PgVisibility(PgSourceOptions options) : options_(std::move(options)) {}
  Result<SnapshotXids> now() override;

 private:
  Result<SnapshotXids> ask();
  PgSourceOptions options_;
  std::optional<Conn> conn_;
};

}  // namespace flusso::pg
