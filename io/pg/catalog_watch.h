#pragma once
// Reads what the comparison of model/catalog_state needs, over a connection of its own and under one snapshot: a
// column's row version and the files of its table must be of the same moment, or a rewrite between two looks would show
// in neither. Takes no lock on any table, so that it never stands behind the DDL that it watches for. Thread: one.

#include <optional>

#include "io/pg/conn.h"
#include "io/pg/pg_source.h"
#include "model/ports/source.h"

namespace flusso::pg {

class PgCatalogWatch final : public CatalogWatch {
 public:
  explicit PgCatalogWatch(PgSourceOptions options) : options_(std::move(options)) {}
  Result<CatalogState> look(const std::vector<TableRef>& tables) override;

 private:
  Result<CatalogState> read(Conn& conn, const std::vector<TableRef>& tables) const;

  const PgSourceOptions options_;
  std::optional<Conn> conn_;
};

}  // namespace flusso::pg
