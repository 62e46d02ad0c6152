#pragma once
// SnapshotScan over Postgres: plans the chunks of an index and reads them with COPY straight into the intake.
// Flat documents are read by heap blocks, which needs the heap to stay where it was planned: each chunk compares the
// file node under its lock. A document that cannot be built makes COPY fail as a whole; the chunk's remaining keys are
// then read like live ones, which isolates the culprit.

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "io/pg/document_sql.h"
#include "io/pg/keyed_reader.h"
#include "io/pg/marked_text.h"
#include "io/pg/pg_reads.h"
#include "io/pg/read_session.h"

namespace flusso::pg {

class PgScan final : public SnapshotScan {
 public:
  PgScan(const PgSourceOptions& options, const Plan& plan);
  Result<ChunkPlan> plan(IndexId index) override;
  Status read(IndexId index, const Chunk& chunk, std::uint32_t filenode, Targets targets, Intake& intake,
              std::stop_token stop) override;

 private:
  // What the server says about the size and the place of a table.
  struct Extent {
    std::uint32_t filenode = 0;
    std::uint32_t blocks = 0;
    std::uint32_t block_bytes = 8192;
    double rows = 0;
    bool has_children = false;
  };
  using OnPair = std::function<Status(std::string_view key, std::string_view document)>;
  Result<const DocumentSql*> sql_of(IndexId index);
  static Result<Extent> extent_of(Conn& conn, const TableRef& table);
  Status copy(const DocumentSql& sql, const IndexPlan& index, const Chunk& chunk, std::uint32_t filenode,
              const OnPair& on_pair, const std::stop_token& stop);
  Status read_by_keys(IndexId index, const Chunk& chunk, std::uint32_t filenode, Targets targets, Intake& intake,
                      const std::string& emitted, const std::stop_token& stop);

  void count_null_keys(const DocumentSql& sql, Intake& intake, const std::stop_token& stop);

  ReadSession session_;
  KeyedReader reader_;
  const Plan& plan_;
  std::stop_token stop_;
  std::map<std::uint16_t, DocumentSql> sql_;
  MarkedText marked_;
};

}  // namespace flusso::pg
