#include "io/pg/range_sql.h"

#include <fmt/format.h>

#include <charconv>

#include "io/pg/quote.h"
#include "model/row_key.h"

namespace flusso::pg {
namespace {

std::string select(const DocumentSql& sql, const TableRef& table, std::string where) {
  for (const std::string* condition : {&sql.key_present, &sql.conditions})
    if (!condition->empty()) where += (where.empty() ? "" : " AND ") + *condition;
  return fmt::format("SELECT {}, {} FROM {} AS root{}{}{}", sql.key, sql.document, quote_table(table), sql.joins,
                     where.empty() ? "" : " WHERE ", where);
}

// (root.a, root.b) >= ('1','x'): compared row-wise, as an index on the columns is sorted.
std::string bound(const DocumentSql& sql, std::string_view comparison, const std::string& key) {
  const std::vector<std::string> parts = split_key(key, sql.key_columns.size());
  std::string columns;
  std::string values;
  for (std::size_t i = 0; i < sql.key_columns.size(); ++i) {
    columns += fmt::format("{}root.{}", i > 0 ? "," : "", quote_identifier(sql.key_columns[i]));
    values += (i > 0 ? "," : "") + quote_literal(i < parts.size() ? parts[i] : std::string());
  }
  if (sql.key_columns.size() == 1) return fmt::format("{} {} {}", columns, comparison, values);
  return fmt::format("({}) {} ({})", columns, comparison, values);
}

Result<std::uint32_t> block_number(const std::string& text) {
  std::uint32_t block = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), block);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(ErrorKind::bug, "pg.bad_chunk", "a chunk's bound is no block number");
  return block;
}

}  // namespace

std::string key_range_sql(const DocumentSql& sql, const std::string& from, const std::string& to) {
  std::string where;
  if (!from.empty()) where = bound(sql, ">=", from);
  if (!to.empty()) where += (where.empty() ? "" : " AND ") + bound(sql, "<", to);
  return select(sql, sql.table, where);
}

std::string block_range_sql(const DocumentSql& sql, const TableRef& table, std::uint32_t from,
                            std::optional<std::uint32_t> to) {
  std::string where = fmt::format("root.ctid >= '({},0)'", from);
  if (to) where += fmt::format(" AND root.ctid < '({},0)'", *to);
  return select(sql, table, where);
}

Result<std::string> chunk_sql(const DocumentSql& sql, const Chunk& chunk) {
  if (chunk.kind == Chunk::Kind::key) {
    const std::size_t columns = sql.key_columns.size();
    for (const std::string* key : {&chunk.from, &chunk.to})
      if (!key->empty() && split_key(*key, columns).size() != columns)
        return fail(ErrorKind::bug, "pg.bad_chunk", "a chunk's bound does not fit the key");
    return key_range_sql(sql, chunk.from, chunk.to);
  }
  FLUSSO_TRY_ASSIGN(const std::uint32_t from, block_number(chunk.from.empty() ? "0" : chunk.from));
  if (chunk.to.empty()) return block_range_sql(sql, chunk.table, from, std::nullopt);
  FLUSSO_TRY_ASSIGN(const std::uint32_t to, block_number(chunk.to));
  return block_range_sql(sql, chunk.table, from, to);
}

}  // namespace flusso::pg
