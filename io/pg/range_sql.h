#pragma once
// The document statement over a piece of a table: a range of keys or of heap blocks (design 6-e). Used inside COPY,
// where nothing can be bound, so bounds are quoted literals that Postgres reads as the key's own type.
// Thread: any; pure.

#include <cstdint>
#include <optional>
#include <string>

#include "io/pg/document_sql.h"
#include "model/ports/source.h"

namespace flusso::pg {

// Keys from `from` (inclusive) to `to` (exclusive), key texts; empty = open.
std::string key_range_sql(const DocumentSql& sql, const std::string& from, const std::string& to);
// Heap blocks [from, to) of `table` (the root or a leaf partition); no `to` = to the end.
std::string block_range_sql(const DocumentSql& sql, const TableRef& table, std::uint32_t from,
                            std::optional<std::uint32_t> to);
// The statement of a chunk. Errors: bug pg.bad_chunk when its bounds are no block numbers or no key texts.
Result<std::string> chunk_sql(const DocumentSql& sql, const Chunk& chunk);

}  // namespace flusso::pg
