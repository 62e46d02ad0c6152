#include "io/pg/document_sql.h"

#include <fmt/format.h>

#include "io/pg/filter_sql.h"
#include "io/pg/key_sql.h"
#include "io/pg/quote.h"
#include "io/pg/row_renderer.h"
#include "io/pg/sql_type.h"

namespace flusso::pg {
namespace {

constexpr const char* kRoot = "root";

void add_condition(std::string& conditions, const std::string& condition) {
  if (condition.empty()) return;
  conditions += (conditions.empty() ? "" : " AND ") + condition;
}

Result<DocumentSql> render(const IndexPlan& index, const Plan& plan) {
  const IndexSchema& schema = index.schema;
  const TablePlan* root = plan.find(schema.table);
  if (root == nullptr)
    return fail(ErrorKind::config, "config.table_missing",
                fmt::format("table {} does not exist", to_text(schema.table)));
  const TableInfo& info = root->info;
  DocumentSql sql;
  sql.table = schema.table;
  sql.key_columns = schema.primary_key;
  FLUSSO_TRY_ASSIGN(sql.key, key_text(info, schema.primary_key, kRoot));
  FLUSSO_TRY_ASSIGN(sql.key_present, key_present(info, schema.primary_key, kRoot));
  for (const std::string& column : schema.primary_key) sql.key_types.push_back(key_type(*info.column(column)));
  RowRenderer renderer(plan, index.traced);
  FLUSSO_TRY_ASSIGN(const RenderedRow row, renderer.row(schema.fields, RowScope{&info, kRoot, schema.primary_key}));
  FLUSSO_TRY_ASSIGN(TextParts document, renderer.mark(info, kRoot));
  document.append(row.json);
  sql.document = document.sql();
  sql.joins = row.joins;
  FLUSSO_TRY_ASSIGN(sql.conditions, filters_condition(schema.filters, info, kRoot));
  if (schema.soft_delete) {
    FLUSSO_TRY_ASSIGN(const std::string alive, alive_condition(*schema.soft_delete, info, kRoot));
    add_condition(sql.conditions, alive);
  }
  return sql;
}

}  // namespace

Result<DocumentSql> document_sql(const IndexPlan& index, const Plan& plan) {
  auto sql = render(index, plan);
  if (!sql) return fail(in_context("index " + index.name, std::move(sql).error()));
  return sql;
}

std::string live_sql(const DocumentSql& sql) {
  const KeyLookup lookup = key_lookup(kRoot, sql.key_columns, sql.key_types);
  std::string where = lookup.condition;
  add_condition(where, sql.conditions);
  return fmt::format("SELECT {}, {} FROM {} AS {}{}{}{}{}", sql.key, sql.document, quote_table(sql.table), kRoot,
                     lookup.join, sql.joins, where.empty() ? "" : " WHERE ", where);
}

}  // namespace flusso::pg
