#include "io/pg/key_sql.h"

#include <fmt/format.h>

#include "io/pg/filter_sql.h"
#include "io/pg/quote.h"
#include "io/pg/sql_type.h"

namespace flusso::pg {
namespace {

// The text output. A cast to text is cheaper but not the same for every type: bool writes 't', char(n) loses its
// blanks, inet gains a netmask. Of these only the boolean's cast is what we want.
std::string column_text(const ColumnInfo& column, std::string_view alias) {
  const SqlType type = sql_type(column);
  const std::string sql = fmt::format("{}.{}", alias, quote_identifier(column.name));
  const bool by_output = type.family == TypeFamily::character || type.family == TypeFamily::other;
  return by_output && !type.array ? fmt::format("concat({})", sql) : sql + "::text";
}

bool needs_escape(const ColumnInfo& column) {
  const SqlType type = sql_type(column);
  if (type.array) return true;
  return type.family != TypeFamily::integer && type.family != TypeFamily::uuid && type.family != TypeFamily::boolean &&
         type.family != TypeFamily::date && type.family != TypeFamily::numeric;
}

}  // namespace

Result<std::string> key_text(const TableInfo& table, const KeyColumns& columns, std::string_view alias) {
  if (columns.empty())
    return fail(ErrorKind::config, "config.no_key",
                fmt::format("{} needs a primary_key in its schema", to_text(table.table)));
  if (columns.size() == 1) {
    FLUSSO_TRY_ASSIGN(const ColumnInfo* column, require_column(table, columns.front()));
    return column_text(*column, alias);
  }
  std::string sql;
  for (const std::string& name : columns) {
    FLUSSO_TRY_ASSIGN(const ColumnInfo* column, require_column(table, name));
    std::string part = column_text(*column, alias);
    if (needs_escape(*column)) part = fmt::format("replace(replace({},'%','%25'),':','%3A')", part);
    sql += (sql.empty() ? "concat(" : ",':',") + part;
  }
  return sql + ")";
}

Result<std::string> key_present(const TableInfo& table, const KeyColumns& columns, std::string_view alias) {
  std::string sql;
  for (const std::string& name : columns) {
    FLUSSO_TRY_ASSIGN(const ColumnInfo* column, require_column(table, name));
    if (column->not_null) continue;
    sql += fmt::format("{}{}.{} IS NOT NULL", sql.empty() ? "" : " AND ", alias, quote_identifier(name));
  }
  return sql;
}

Result<std::string> keys_equal(std::string_view left, const KeyColumns& left_columns, std::string_view right,
                               const KeyColumns& right_columns) {
  if (left_columns.empty() || left_columns.size() != right_columns.size())
    return fail(ErrorKind::config, "config.key_length",
                fmt::format("the keys ({}) and ({}) must have the same number of columns",
                            fmt::join(left_columns, ", "), fmt::join(right_columns, ", ")));
  std::string sql;
  for (std::size_t i = 0; i < left_columns.size(); ++i) {
    sql += fmt::format("{}{}.{} = {}.{}", sql.empty() ? "" : " AND ", left, quote_identifier(left_columns[i]), right,
                       quote_identifier(right_columns[i]));
  }
  return sql;
}

KeyLookup key_lookup(std::string_view alias, const KeyColumns& columns, const std::vector<std::string>& types) {
  KeyLookup lookup;
  if (columns.size() == 1) {
    lookup.condition = fmt::format("{}.{} = ANY($1::{}[])", alias, quote_identifier(columns[0]), types[0]);
    return lookup;
  }
  std::string arrays;
  std::string names;
  std::string on;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    arrays += fmt::format("{}${}::{}[]", i > 0 ? "," : "", i + 1, types[i]);
    names += fmt::format("{}c{}", i > 0 ? "," : "", i + 1);
    on += fmt::format("{}{}.{} = wanted.c{}", i > 0 ? " AND " : "", alias, quote_identifier(columns[i]), i + 1);
  }
  lookup.join = fmt::format(" JOIN unnest({}) AS wanted({}) ON {}", arrays, names, on);
  return lookup;
}

}  // namespace flusso::pg
