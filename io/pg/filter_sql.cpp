#include "io/pg/filter_sql.h"

#include <fmt/format.h>

#include "io/pg/quote.h"
#include "io/pg/sql_type.h"

namespace flusso::pg {
namespace {

std::string_view operator_text(FilterOp op) {
  switch (op) {
    case FilterOp::eq:
      return "=";
    case FilterOp::neq:
      return "<>";
    case FilterOp::lt:
      return "<";
    case FilterOp::lte:
      return "<=";
    case FilterOp::gt:
      return ">";
    case FilterOp::gte:
      return ">=";
    case FilterOp::in:
      return "IN";
    case FilterOp::not_in:
      return "NOT IN";
    case FilterOp::like:
      return "LIKE";
    case FilterOp::ilike:
      return "ILIKE";
    case FilterOp::between:
      return "BETWEEN";
  }
  return "=";
}

std::string compare(const FilterCompare& filter, const ColumnInfo& column, std::string_view alias) {
  std::string left = fmt::format("{}.{}", alias, quote_identifier(filter.column));
  const bool pattern = filter.op == FilterOp::like || filter.op == FilterOp::ilike;
  if (pattern && column.category != 'S') left += "::text";
  std::string right;
  if (filter.op == FilterOp::in || filter.op == FilterOp::not_in) {
    for (const std::string& operand : filter.operands) right += (right.empty() ? "(" : ",") + quote_literal(operand);
    right += ')';
  } else if (filter.op == FilterOp::between && filter.operands.size() == 2) {
    right = quote_literal(filter.operands[0]) + " AND " + quote_literal(filter.operands[1]);
  } else if (!filter.operands.empty()) {
    right = quote_literal(filter.operands[0]);
  }
  return fmt::format("{} {} {}", left, operator_text(filter.op), right);
}

bool is_raw(const Filter& filter) { return std::holds_alternative<FilterRaw>(filter.condition); }

}  // namespace

Result<const ColumnInfo*> require_column(const TableInfo& table, std::string_view column) {
  if (const ColumnInfo* found = table.column(column)) return found;
  return fail(ErrorKind::config, "config.column_missing",
              fmt::format("table {} has no column {}; correct the schema file or add the column", to_text(table.table),
                          column));
}

Result<std::string> filter_condition(const Filter& filter, const TableInfo& table, std::string_view alias) {
  if (const auto* raw = std::get_if<FilterRaw>(&filter.condition)) return "(" + raw->sql + "\n)";
  if (const auto* null = std::get_if<FilterNull>(&filter.condition)) {
    FLUSSO_TRY_ASSIGN(const ColumnInfo* column, require_column(table, null->column));
    return fmt::format("{}.{} IS {}NULL", alias, quote_identifier(column->name), null->is_null ? "" : "NOT ");
  }
  const auto& comparison = std::get<FilterCompare>(filter.condition);
  FLUSSO_TRY_ASSIGN(const ColumnInfo* column, require_column(table, comparison.column));
  const bool list = comparison.op == FilterOp::in || comparison.op == FilterOp::not_in;
  if (comparison.operands.size() < (comparison.op == FilterOp::between ? 2U : 1U) ||
      (!list && comparison.operands.size() > 2))
    return fail(ErrorKind::config, "config.filter_operands",
                fmt::format("a filter on {} lacks its value", comparison.column));
  return compare(comparison, *column, alias);
}

Result<std::string> filters_condition(const Filters& filters, const TableInfo& table, std::string_view alias) {
  std::string sql;
  if (!filters) return sql;
  for (const Filter& filter : *filters) {
    FLUSSO_TRY_ASSIGN(const std::string condition, filter_condition(filter, table, alias));
    sql += (sql.empty() ? "" : " AND ") + condition;
  }
  return sql;
}

bool has_raw(const Filters& filters) {
  if (!filters) return false;
  for (const Filter& filter : *filters)
    if (is_raw(filter)) return true;
  return false;
}

Filters part_of(const Filters& filters, FilterPart part) {
  std::vector<Filter> chosen;
  if (filters)
    for (const Filter& filter : *filters)
      if (is_raw(filter) == (part == FilterPart::raw)) chosen.push_back(filter);
  return chosen;
}

Result<std::string> alive_condition(const SoftDelete& rule, const TableInfo& table, std::string_view alias) {
  FLUSSO_TRY_ASSIGN(const ColumnInfo* column, require_column(table, rule.column));
  const SqlType type = sql_type(*column);
  const bool is_boolean = type.family == TypeFamily::boolean && !type.array;
  std::string deleted =
      fmt::format("{}.{} IS {}", alias, quote_identifier(rule.column), is_boolean ? "TRUE" : "NOT NULL");
  FLUSSO_TRY_ASSIGN(const std::string when, filters_condition(rule.when, table, alias));
  if (!when.empty()) deleted += " AND " + when;
  return "NOT (" + deleted + ")";
}

}  // namespace flusso::pg
