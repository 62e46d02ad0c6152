#include "io/pg/row_probe.h"

#include <fmt/format.h>

#include <utility>

#include "io/pg/document_sql.h"
#include "io/pg/filter_sql.h"
#include "io/pg/key_sql.h"
#include "io/pg/quote.h"
#include "io/pg/sql_type.h"
#include "model/row_key.h"

namespace flusso::pg {
namespace {

constexpr const char* kRow = "root";

void append_condition(std::string& where, const std::string& condition) {
  if (!condition.empty()) where += (where.empty() ? " WHERE " : " AND ") + condition;
}

struct Match {
  std::string where;
  Params params;
};

// "root.a = $1::pg_catalog.int8 AND …": the values of a key text.
Result<Match> key_match(const TableInfo& table, const KeyColumns& columns, std::string_view key) {
  const std::vector<std::string> parts = split_key(key, columns.size());
  if (parts.size() != columns.size())
    return fail(ErrorKind::config, "config.key_length",
                fmt::format("the key of {} has {} columns ({}), but {} value(s) are given", to_text(table.table),
                            columns.size(), fmt::join(columns, ", "), parts.size()));
  Match match;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    FLUSSO_TRY_ASSIGN(const ColumnInfo* column, require_column(table, columns[i]));
    append_condition(match.where,
                     fmt::format("{}.{} = ${}::{}", kRow, quote_identifier(columns[i]), i + 1, key_type(*column)));
    match.params.emplace_back(parts[i]);
  }
  return match;
}

}  // namespace

Result<Rows> RowProbe::ask(const std::string& sql, const Params& params, const TableRef& table) {
  FLUSSO_TRY_ASSIGN(Conn * conn, session_.use({}));
  std::vector<Statement> statements;
  statements.push_back({kBeginRead, {}, {}, false, {}});
  const std::string lock = lock_sql({table}, plan_);
  if (!lock.empty()) statements.push_back({lock, {}, {}, false, {}});
  const std::size_t asked = statements.size();
  statements.push_back({sql, params, {}, false, {}});
  statements.push_back({"COMMIT", {}, {}, false, {}});
  FLUSSO_TRY_ASSIGN(std::vector<Rows> answers, conn->pipeline(statements));
  return std::move(answers[asked]);
}

Result<std::optional<std::string>> RowProbe::first_document(IndexId index) {
  const IndexPlan& plan = plan_.indexes[index.value];
  FLUSSO_TRY_ASSIGN(const DocumentSql sql, document_sql(plan, plan_));
  std::string where;
  append_condition(where, sql.key_present);
  append_condition(where, sql.conditions);
  std::string order;
  for (const std::string& column : sql.key_columns)
    order += fmt::format("{}{}.{}", order.empty() ? "" : ", ", kRow, quote_identifier(column));
  FLUSSO_TRY_ASSIGN(const Rows rows, ask(fmt::format("SELECT {} FROM {} AS {}{} ORDER BY {} LIMIT 1", sql.key,
                                                     quote_table(sql.table), kRow, where, order),
                                         {}, sql.table));
  if (rows.empty()) return std::optional<std::string>();
  return std::optional(rows.string(0, 0));
}

Result<bool> RowProbe::root_row_exists(IndexId index, std::string_view key) {
  const IndexSchema& schema = plan_.indexes[index.value].schema;
  FLUSSO_TRY_ASSIGN(const Match match, key_match(plan_.find(schema.table)->info, schema.primary_key, key));
  FLUSSO_TRY_ASSIGN(const Rows rows,
                    ask(fmt::format("SELECT 1 FROM {} AS {}{} LIMIT 1", quote_table(schema.table), kRow, match.where),
                        match.params, schema.table));
  return !rows.empty();
}

Result<std::optional<RowProbe::Row>> RowProbe::row(const TablePlan& table, const KeyColumns& key_columns,
                                                   std::string_view key) {
  FLUSSO_TRY_ASSIGN(const Match match, key_match(table.info, key_columns, key));
  std::string columns;
  for (const std::string& column : table.columns) {
    FLUSSO_TRY_ASSIGN(const std::string text, key_text(table.info, {column}, kRow));
    columns += (columns.empty() ? "" : ", ") + text;
  }
  FLUSSO_TRY_ASSIGN(const Rows rows, ask(fmt::format("SELECT {} FROM {} AS {}{} LIMIT 1", columns,
                                                     quote_table(table.info.table), kRow, match.where),
                                         match.params, table.info.table));
  if (rows.empty()) return std::optional<Row>();
  Row row;
  for (int i = 0; i < rows.columns(); ++i)
    row.push_back(rows.is_null(0, i) ? std::nullopt : std::optional(rows.string(0, i)));
  return std::optional(std::move(row));
}

}  // namespace flusso::pg
