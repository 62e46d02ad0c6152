#include "io/pg/aggregate_sql.h"

#include <fmt/format.h>

#include "io/pg/filter_sql.h"
#include "io/pg/key_sql.h"
#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

SqlType sum_type(const SqlType& type) {
  if (type.name == "int2" || type.name == "int4") return sql_type("int8");
  if (type.name == "int8") return sql_type("numeric");
  return type;
}

SqlType avg_type(const SqlType& type) {
  if (type.family == TypeFamily::floating) return sql_type("float8");
  if (type.family == TypeFamily::integer || type.family == TypeFamily::money) return sql_type("numeric");
  return type;
}

// Whether min() and max() exist for the type and give a value of that very type. They do not for uuid, bytea, bit,
// ranges …; a cidr would come back as inet, and a type of an extension is found by its operators alone, wherever the
// extension is installed.
bool has_extremes(const SqlType& type, const ColumnInfo& column) {
  if (type.array || column.kind == 'e') return true;
  switch (type.family) {
    case TypeFamily::boolean:
    case TypeFamily::uuid:
    case TypeFamily::bytea:
    case TypeFamily::json:
      return false;
    case TypeFamily::other:
      return column.base_oid < kFirstUserOid && (type.name == "interval" || type.name == "inet");
    default:
      return true;
  }
}

std::string extreme(const SqlType& type, const ColumnInfo& info, AggregateOp op, const std::string& column,
                    const std::string& filter) {
  const bool smallest = op == AggregateOp::min;
  if (type.family == TypeFamily::boolean && !type.array)
    return fmt::format("{}({}){}", smallest ? "bool_and" : "bool_or", column, filter);
  if (has_extremes(type, info)) return fmt::format("{}({}){}", smallest ? "min" : "max", column, filter);
  return fmt::format("(array_agg({0} ORDER BY {0}{1}){2})[1]", column, smallest ? "" : " DESC NULLS LAST", filter);
}

Result<std::string> ids(const AggregateField& field, const TableInfo& table, const std::string& alias,
                        const std::string& filter) {
  if (table.primary_key.empty())
    return fail(ErrorKind::config, "config.no_key",
                fmt::format("ids over {} needs a primary key on that table", to_text(table.table)));
  TextParts json;
  std::string order;
  for (const std::string& column : table.primary_key)
    order += fmt::format("{}{}.{}", order.empty() ? "" : ", ", alias, quote_identifier(column));
  if (table.primary_key.size() == 1) {
    FLUSSO_TRY_ASSIGN(const ColumnInfo* column, require_column(table, table.primary_key.front()));
    const ValueTarget target = field.element_type ? value_target(*field.element_type) : ValueTarget::other;
    append_json(json, column_value(*column, alias), JsonRules{target, "null"});
  } else {
    FLUSSO_TRY_ASSIGN(const std::string key, key_text(table, table.primary_key, alias));
    json.expression(fmt::format("to_json({})", key));
  }
  return fmt::format("string_agg({},',' ORDER BY {}){}", json.sql(), order, filter);
}

}  // namespace

Result<RolledUp> aggregate_sql(const AggregateField& field, const TableInfo& table, const std::string& alias,
                               const std::string& filter) {
  if (field.op == AggregateOp::count) return RolledUp{"count(*)" + filter, sql_type("int8")};
  if (field.op == AggregateOp::ids) {
    FLUSSO_TRY_ASSIGN(std::string sql, ids(field, table, alias, filter));
    return RolledUp{std::move(sql), sql_type("text")};
  }
  FLUSSO_TRY_ASSIGN(const ColumnInfo* info, require_column(table, field.column));
  const SqlType type = sql_type(*info);
  const std::string column = fmt::format("{}.{}", alias, quote_identifier(field.column));
  if (field.op == AggregateOp::sum) return RolledUp{fmt::format("sum({}){}", column, filter), sum_type(type)};
  if (field.op == AggregateOp::avg) {
    const std::string_view cast = type.family == TypeFamily::money ? "::numeric" : "";
    return RolledUp{fmt::format("avg({}{}){}", column, cast, filter), avg_type(type)};
  }
  return RolledUp{extreme(type, *info, field.op, column, filter), type};
}

void append_rolled_up(TextParts& out, const AggregateField& field, const RolledUp& rolled, const std::string& column) {
  if (field.op == AggregateOp::count) {
    out.expression(column);
    return;
  }
  if (field.op == AggregateOp::ids) {
    out.constant("[");
    out.expression(column);
    out.constant("]");
    return;
  }
  ValueTarget target = field.value_type ? value_target(*field.value_type) : ValueTarget::other;
  if (field.op == AggregateOp::avg) target = ValueTarget::number;
  append_json(out, SqlValue{column, rolled.type, true}, JsonRules{target, "null"});
}

}  // namespace flusso::pg
