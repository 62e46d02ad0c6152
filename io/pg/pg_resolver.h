#pragma once
// RowResolver over Postgres: all paths of a lookup plan in one transaction and one round trip, one statement each.
// Keys leave in pages as rows arrive, so a row that leads to a million documents costs one page of memory.

#include <map>

#include "io/pg/pg_reads.h"
#include "io/pg/read_session.h"
#include "io/pg/reverse_sql.h"

namespace flusso::pg {

class PgResolver final : public RowResolver {
 public:
  PgResolver(const PgSourceOptions& options, const Plan& plan, Patience patience);
  // After an error pages may have been emitted already; a repeated call emits them again.
  Status resolve(const LookupPlan& lookup, std::size_t page_keys,
                 const std::function<Status(IndexId, std::vector<std::string>)>& emit, std::stop_token stop) override;

 private:
  Result<const ReverseSql*> path(PathId id);

  ReadSession session_;
  const Plan& plan_;
  std::map<std::uint16_t, ReverseSql> paths_;
};

}  // namespace flusso::pg
