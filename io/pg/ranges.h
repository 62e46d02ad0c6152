#pragma once
// How a table is cut into chunks. Blocks: by file size alone, free. Keys: boundaries picked by Postgres in the key's
// own order, exactly for tables of moderate size, from a block sample for large ones; any boundaries are correct, only
// their balance differs. Pure: the SQL to ask with and the arithmetic on its answers. Thread: any.

#include <cstdint>
#include <string>
#include <vector>

#include "io/pg/document_sql.h"
#include "model/ports/source.h"

namespace flusso::pg {

inline constexpr std::size_t kMaxChunks = 100000;
inline constexpr double kRootsPerChunk = 4000;
// A small table is cut finer, so that no lane stands idle for long while another reads the last chunk.
inline constexpr double kMinRootsPerChunk = 1000;
inline constexpr double kWantedKeyChunks = 32;
// Below this many rows every boundary is looked up exactly.
inline constexpr double kExactBelowRows = 1e6;

// Chunks of 2 to 8 MB of heap (more only when there would be too many); the last one is open, so rows that arrive later
// in new blocks are read too. `block_bytes` is the server's block size.
std::vector<Chunk> block_chunks(const TableRef& table, std::uint32_t blocks, std::uint32_t block_bytes, double rows);

// Where to cut a table of about `rows` rows in `blocks` blocks.
struct KeyCut {
  std::string sql;  // one column of key texts in key order
  double rows_per_chunk = 0;
};
KeyCut key_cut(const DocumentSql& sql, const TableInfo& table, double rows, double blocks);
// Chunks between neighbouring boundaries, both ends open. A boundary that is empty or repeats is skipped.
std::vector<Chunk> key_chunks(const TableRef& table, const std::vector<std::string>& boundaries, double rows);

}  // namespace flusso::pg
