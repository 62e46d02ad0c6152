#pragma once
// Which tables of the plan a relation of the stream is: by oid, never by name, because rows of a partition come under
// the partition's own oid. A partition that was made or attached after the plan was compiled is not in it: the catalog
// is asked at each Relation message about an oid that the plan does not know, since attaching a table sends another
// one.
//
//   oid of a table or of a leaf       that table; both where both are planned
//   unknown, partition of a table     that table (as the catalog has it now)
//   unknown, but bears a planned name the table was replaced: the plan is stale
//   unknown, and gone                 nothing: what vanished with it is the catalog watch's matter
//
// Thread: one (capture); find() may block for a question, at most ten seconds.

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/pg/conn.h"
#include "io/pg/pg_source.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

class RelationFinder {
 public:
  struct Found {
    std::vector<TableId> tables;
    std::vector<TableId> replaced;  // planned under this name with another oid
  };

  // The plan must outlive the finder.
  RelationFinder(const PgSourceOptions& options, const Plan& plan);

  Result<Found> find(std::uint32_t oid, std::string_view schema, std::string_view name);

 private:
  Result<Found> ask(std::uint32_t oid, std::string_view schema, std::string_view name);

  const PgSourceOptions options_;
  const Plan& plan_;
  bool any_partitioned_ = false;
  std::unordered_map<std::uint32_t, std::vector<TableId>> planned_;
  std::optional<Conn> conn_;
};

}  // namespace flusso::pg
