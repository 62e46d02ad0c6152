#pragma once
// DocumentSource over Postgres: the live documents of a lane.

#include "io/pg/keyed_reader.h"
#include "io/pg/pg_reads.h"
#include "io/pg/read_session.h"

namespace flusso::pg {

class PgDocuments final : public DocumentSource {
 public:
  PgDocuments(const PgSourceOptions& options, const Plan& plan);
  Status read(const BuildBatch& batch, Intake& intake, std::stop_token stop) override;

 private:
  ReadSession session_;
  KeyedReader reader_;
};

}  // namespace flusso::pg
