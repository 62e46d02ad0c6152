#include "io/pg/pg_scan.h"

#include <fmt/format.h>

#include <unordered_set>

#include "io/pg/copy_reader.h"
#include "io/pg/json_path.h"
#include "io/pg/quote.h"
#include "io/pg/range_sql.h"
#include "io/pg/ranges.h"
#include "io/pg/row_tokens.h"
#include "io/pg/sqlstate.h"
#include "model/log.h"

namespace flusso::pg {
namespace {

constexpr Logger kScanLog{"scan"};
constexpr Millis kScanTimeout{0};  // a chunk ends by itself, by the intake's patience, or by a stop request

// Keys in one buffer, each behind its length: what has left a chunk, kept in case the chunk must be finished by keys.
void remember(std::string& keys, std::string_view key) {
  const auto length = static_cast<std::uint32_t>(key.size());
  keys.append(reinterpret_cast<const char*>(&length), sizeof length);
  keys.append(key);
}

std::unordered_set<std::string_view> remembered(std::string_view keys) {
  std::unordered_set<std::string_view> set;
  while (keys.size() >= sizeof(std::uint32_t)) {
    std::uint32_t length = 0;
    keys.copy(reinterpret_cast<char*>(&length), sizeof length);
    set.insert(keys.substr(sizeof length, length));
    keys.remove_prefix(sizeof length + length);
  }
  return set;
}

Error rewritten(const TableRef& table) {
  return Error{
      ErrorKind::permanent, "pg.rewritten",
      fmt::format(
          "table {} was rewritten (VACUUM FULL, CLUSTER or ALTER TABLE) while it was scanned; its index starts over",
          to_text(table))};
}

}  // namespace

PgScan::PgScan(const PgSourceOptions& options, const Plan& plan)
    : session_(options, plan, "scan", kScanTimeout), reader_(session_, plan), plan_(plan), stop_(options.stop) {}

Result<const DocumentSql*> PgScan::sql_of(IndexId index) {
  const auto found = sql_.find(index.value);
  if (found != sql_.end()) return &found->second;
  if (index.value >= plan_.indexes.size())
    return fail(ErrorKind::bug, "pg.unknown_index", "a scan names an index outside the plan");
  FLUSSO_TRY_ASSIGN(DocumentSql sql, document_sql(plan_.indexes[index.value], plan_));
  return &sql_.emplace(index.value, std::move(sql)).first->second;
}

Result<PgScan::Extent> PgScan::extent_of(Conn& conn, const TableRef& table) {
  // Sizes are of the leaves, of which a plain table is one. A table without statistics is guessed at from its size.
  FLUSSO_TRY_ASSIGN(
      const Rows rows,
      conn.exec_params("SELECT coalesce(pg_relation_filenode(r.oid), 0), coalesce(sum(s.blocks), 0), b.bytes, "
                       "coalesce(sum(CASE WHEN l.reltuples < 0 OR l.relpages = 0 THEN s.blocks * 50 ELSE l.reltuples * "
                       "s.blocks / l.relpages END), 0), "
                       "r.relhassubclass FROM (SELECT current_setting('block_size')::int8 AS bytes) b, pg_class r "
                       "LEFT JOIN LATERAL (SELECT r.oid AS relid UNION SELECT relid FROM pg_partition_tree(r.oid) "
                       "WHERE isleaf) t ON true "
                       "LEFT JOIN pg_class l ON l.oid = t.relid AND l.relkind IN ('r', 'm') "
                       "LEFT JOIN LATERAL (SELECT pg_relation_size(l.oid) / current_setting('block_size')::int8 AS "
                       "blocks) s ON l.oid IS NOT NULL "
                       "WHERE r.oid = $1::regclass GROUP BY r.oid, r.relhassubclass, b.bytes",
                       {quote_table(table)}, {}));
  if (rows.empty())
    return fail(ErrorKind::permanent, "pg.42P01", fmt::format("table {} does not exist", to_text(table)));
  Extent extent;
  extent.filenode = rows.oid(0, 0);
  extent.blocks = rows.oid(0, 1);
  extent.block_bytes = rows.oid(0, 2);
  extent.rows = rows.number(0, 3);
  extent.has_children = rows.boolean(0, 4);
  return extent;
}

Result<ChunkPlan> PgScan::plan(IndexId index) {
  FLUSSO_TRY_ASSIGN(const DocumentSql* sql, sql_of(index));
  const IndexPlan& planned = plan_.indexes[index.value];
  const TableInfo& table = plan_.find(sql->table)->info;
  FLUSSO_TRY_ASSIGN(Conn * conn, session_.use(stop_));
  FLUSSO_TRY_ASSIGN(const Extent extent, extent_of(*conn, sql->table));
  ChunkPlan chunks;
  if (planned.flat && table.kind == 'r' && !extent.has_children) {
    chunks.filenode = extent.filenode;
    chunks.chunks = block_chunks(sql->table, extent.blocks, extent.block_bytes, extent.rows);
    return chunks;
  }
  const KeyCut cut = key_cut(*sql, table, extent.rows, extent.blocks);
  std::vector<std::string> boundaries;
  const auto take = [&boundaries](const Rows& rows) -> Status {
    if (boundaries.size() < kMaxChunks) boundaries.push_back(rows.string(0, 0));
    return {};
  };
  FLUSSO_TRY(conn->each_row(cut.sql, {}, {}, take));
  chunks.chunks = key_chunks(sql->table, boundaries, extent.rows);
  return chunks;
}

Status PgScan::read(IndexId index, const Chunk& chunk, std::uint32_t filenode, Targets targets, Intake& intake,
                    std::stop_token stop) {
  FLUSSO_TRY_ASSIGN(const DocumentSql* sql, sql_of(index));
  std::string emitted;
  RowTokens tokens(plan_.indexes[index.value].traced);
  const auto take = [&](std::string_view key, std::string_view document) -> Status {
    FLUSSO_TRY_ASSIGN(const std::string_view hidden, tokens.member(marked_.rows()));
    FLUSSO_TRY(intake.add(key, document, targets, hidden));
    if (!marked_.lost().empty())
      each_lost_field(document, marked_.lost(),
                      [&intake](std::string_view path, LossKind kind) { intake.add_loss(path, kind); });
    remember(emitted, key);
    return {};
  };
  Status done = copy(*sql, plan_.indexes[index.value], chunk, filenode, take, stop);
  if (!done && is_data_error(done.error())) {
    kScanLog.warn("chunk is read key by key", kv("index", plan_.indexes[index.value].name),
                  kv("code", done.error().code));
    done = read_by_keys(index, chunk, filenode, targets, intake, emitted, stop);
  }
  if (done && chunk.to.empty()) count_null_keys(*sql, intake, stop);
  intake.flush();
  return done;
}

// Rows without a key stand in no chunk of keys: they are counted once, with the last chunk of whatever kind. A failure
// here takes nothing away from the documents.
void PgScan::count_null_keys(const DocumentSql& sql, Intake& intake, const std::stop_token& stop) {
  if (sql.key_present.empty()) return;
  const auto count = [&]() -> Result<std::uint64_t> {
    FLUSSO_TRY_ASSIGN(Conn * conn, session_.use(stop));
    const std::string conditions = sql.conditions.empty() ? "" : " AND " + sql.conditions;
    FLUSSO_TRY_ASSIGN(const Rows rows, conn->exec(fmt::format("SELECT count(*) FROM {} AS root WHERE NOT ({}){}",
                                                              quote_table(sql.table), sql.key_present, conditions)));
    return rows.unsigned_integer(0, 0);
  };
  const auto rows = count();
  if (rows && *rows > 0) intake.add_loss(fmt::format("{}", fmt::join(sql.key_columns, ",")), LossKind::null_key, *rows);
  if (!rows) kScanLog.debug("rows without a key could not be counted", kv("reason", rows.error().what));
}

// One transaction: the pairs of `sql` over the chunk. Errors: pg.rewritten; those of `on_pair`, which cost the
// connection.
Status PgScan::copy(const DocumentSql& sql, const IndexPlan& index, const Chunk& chunk, std::uint32_t filenode,
                    const OnPair& on_pair, const std::stop_token& stop) {
  FLUSSO_TRY_ASSIGN(const std::string select, chunk_sql(sql, chunk));
  FLUSSO_TRY_ASSIGN(Conn * conn, session_.use(stop));
  std::string script = std::string(kBeginRead) + ";";
  if (const std::string lock = lock_sql(index.tables, plan_); !lock.empty()) script += lock + ";";
  const bool by_blocks = chunk.kind == Chunk::Kind::ctid;
  if (by_blocks)
    script +=
        fmt::format("SELECT pg_catalog.pg_relation_filenode({}::regclass);", quote_literal(quote_table(chunk.table)));
  script += fmt::format("COPY ({}\n) TO STDOUT (FORMAT binary);COMMIT", select);
  const auto on_rows = [&](const Rows& rows) -> Status {
    if (by_blocks && rows.unsigned_integer(0, 0) != filenode) return fail(rewritten(chunk.table));
    return {};
  };
  CopyReader reader(2, [this, &on_pair](const CopyReader::Fields& fields) -> Status {
    if (!fields[0] || !fields[1]) return fail(ErrorKind::bug, "pg.null_document", "a document statement gave NULL");
    FLUSSO_TRY_ASSIGN(const std::string_view document, marked_.write(*fields[1]));
    return on_pair(*fields[0], document);
  });
  FLUSSO_TRY(conn->copy_out(script, on_rows, [&reader](std::string_view data) { return reader.feed(data); }));
  return reader.finish();
}

// The rest of a chunk after a row made its COPY fail: all keys of the range, minus those that have left, as live reads.
Status PgScan::read_by_keys(IndexId index, const Chunk& chunk, std::uint32_t filenode, Targets targets, Intake& intake,
                            const std::string& emitted, const std::stop_token& stop) {
  DocumentSql keys = sql_.at(index.value);
  keys.document = "''::text";
  keys.joins.clear();
  keys.conditions.clear();  // a filter may be what fails
  const std::unordered_set<std::string_view> gone = remembered(emitted);
  std::vector<BuildItem> items;
  const auto take = [&](std::string_view key, std::string_view) -> Status {
    if (!gone.contains(key)) items.push_back(BuildItem{std::string(key), targets});
    return {};
  };
  FLUSSO_TRY(copy(keys, plan_.indexes[index.value], chunk, filenode, take, stop));
  return reader_.read(index, items, MissingRow::nothing, intake, stop);
}

std::unique_ptr<SnapshotScan> make_scan(const PgSourceOptions& options, const Plan& plan) {
  return std::make_unique<PgScan>(options, plan);
}

}  // namespace flusso::pg
