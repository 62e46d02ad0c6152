#include "io/pg/ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

constexpr std::uint64_t kMinChunkBytes = 2ULL << 20;
constexpr std::uint64_t kMaxChunkBytes = 8ULL << 20;
constexpr std::uint64_t kWantedChunks = 64;   // enough for several lanes to finish together
constexpr double kSampledBlocksPerChunk = 8;  // neighbouring keys share blocks: fewer would make lopsided chunks
constexpr double kMaxSampledBlocks = 20000;

std::string column_list(const KeyColumns& columns, const char* prefix) {
  std::string out;
  for (const std::string& column : columns)
    out += (out.empty() ? "" : ",") + std::string(prefix) + quote_identifier(column);
  return out;
}

}  // namespace

std::vector<Chunk> block_chunks(const TableRef& table, std::uint32_t blocks, std::uint32_t block_bytes, double rows) {
  const std::uint64_t size = std::max<std::uint32_t>(block_bytes, 1024);
  std::uint64_t step = std::clamp(blocks / kWantedChunks, kMinChunkBytes / size, kMaxChunkBytes / size);
  step = std::max<std::uint64_t>(step, blocks / kMaxChunks + 1);
  const auto count = static_cast<std::size_t>(std::max<std::uint64_t>((blocks + step - 1) / step, 1));
  std::vector<Chunk> chunks(count);
  for (std::size_t i = 0; i < count; ++i) {
    chunks[i].kind = Chunk::Kind::ctid;
    chunks[i].table = table;
    chunks[i].from = std::to_string(i * step);
    if (i + 1 < count) chunks[i].to = std::to_string((i + 1) * step);
    chunks[i].rows = std::max(rows, 0.0) / static_cast<double>(count);
  }
  return chunks;
}

KeyCut key_cut(const DocumentSql& sql, const TableInfo& table, double rows, double blocks) {
  KeyCut cut;
  cut.rows_per_chunk = std::clamp(std::ceil(rows / kWantedKeyChunks), kMinRootsPerChunk, kRootsPerChunk);
  cut.rows_per_chunk = std::max(cut.rows_per_chunk, std::ceil(rows / static_cast<double>(kMaxChunks - 1)));
  const bool can_sample = table.kind == 'r' || table.kind == 'p' || table.kind == 'm';
  const std::string present = sql.key_present.empty() ? "" : " WHERE " + sql.key_present;
  const std::string keys = column_list(sql.key_columns, "root.");
  const std::string from = fmt::format("FROM {} AS root", quote_table(sql.table));
  if (!can_sample || rows < kExactBelowRows) {
    cut.sql = fmt::format(
        "SELECT {} FROM (SELECT {}, row_number() OVER (ORDER BY {}) AS _n {}{}) AS root WHERE _n > 1 AND _n % {} = 1 "
        "ORDER BY _n",
        sql.key, keys, keys, from, present, static_cast<std::uint64_t>(cut.rows_per_chunk));
    return cut;
  }
  const double chunks = std::max(1.0, rows / cut.rows_per_chunk);
  const double sampled = std::min(chunks * kSampledBlocksPerChunk, kMaxSampledBlocks);
  const double percent = std::clamp(100.0 * sampled / std::max(blocks, 1.0), 0.001, 100.0);
  // Every k-th of the sampled keys, so that about `chunks` remain whatever the sample's size.
  cut.sql = fmt::format(
      "SELECT {} FROM (SELECT root.*, row_number() OVER (ORDER BY {}) AS _n, greatest(count(*) OVER () / {}, 1) AS _k "
      "FROM (SELECT DISTINCT {} {} TABLESAMPLE SYSTEM ({:.4f}){}) AS root) AS root WHERE _n % _k = 0 ORDER BY _n",
      sql.key, keys, static_cast<std::uint64_t>(std::ceil(chunks)), keys, from, percent, present);
  return cut;
}

std::vector<Chunk> key_chunks(const TableRef& table, const std::vector<std::string>& boundaries, double rows) {
  std::vector<Chunk> chunks(1);
  for (const std::string& boundary : boundaries) {
    if (boundary.empty() || boundary == chunks.back().from || chunks.size() >= kMaxChunks) continue;
    chunks.back().to = boundary;
    chunks.emplace_back();
    chunks.back().from = boundary;
  }
  for (Chunk& chunk : chunks) {
    chunk.kind = Chunk::Kind::key;
    chunk.table = table;
    chunk.rows = std::max(rows, 0.0) / static_cast<double>(chunks.size());
  }
  return chunks;
}

}  // namespace flusso::pg
