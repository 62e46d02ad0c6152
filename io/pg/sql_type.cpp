#include "io/pg/sql_type.h"

#include <array>
#include <utility>

namespace flusso::pg {
namespace {

constexpr std::array<std::pair<std::string_view, TypeFamily>, 20> kFamilies = {{
    {"int2", TypeFamily::integer},
    {"int4", TypeFamily::integer},
    {"int8", TypeFamily::integer},
    {"float4", TypeFamily::floating},
    {"float8", TypeFamily::floating},
    {"numeric", TypeFamily::numeric},
    {"money", TypeFamily::money},
    {"bool", TypeFamily::boolean},
    {"uuid", TypeFamily::uuid},
    {"text", TypeFamily::text},
    {"varchar", TypeFamily::text},
    {"bpchar", TypeFamily::character},
    {"date", TypeFamily::date},
    {"timestamp", TypeFamily::timestamp},
    {"timestamptz", TypeFamily::timestamp_tz},
    {"time", TypeFamily::time},
    {"timetz", TypeFamily::time_tz},
    {"bytea", TypeFamily::bytea},
    {"json", TypeFamily::json},
    {"oid", TypeFamily::oid},
}};

}  // namespace

SqlType sql_type(std::string_view base_type) {
  SqlType type;
  type.array = base_type.size() > 1 && base_type.front() == '_';
  type.name = std::string(type.array ? base_type.substr(1) : base_type);
  if (type.name == "jsonb") type.family = TypeFamily::json;
  for (const auto& [name, family] : kFamilies)
    if (name == type.name) type.family = family;
  return type;
}

SqlType sql_type(const ColumnInfo& column) {
  SqlType type = sql_type(column.base_type);
  type.measurable = column.utf8;
  if (column.base_oid >= kFirstUserOid) type.family = TypeFamily::other;
  return type;
}

ValueTarget value_target(FieldKind kind) {
  switch (kind) {
    case FieldKind::short_integer:
    case FieldKind::integer:
    case FieldKind::long_integer:
    case FieldKind::float_number:
    case FieldKind::double_number:
    case FieldKind::decimal:
      return ValueTarget::number;
    case FieldKind::date:
    case FieldKind::timestamp:
      return ValueTarget::date;
    case FieldKind::boolean:
      return ValueTarget::boolean;
    case FieldKind::text:
    case FieldKind::identifier:
    case FieldKind::keyword:
    case FieldKind::enumeration:
    case FieldKind::uuid:
    case FieldKind::binary:
    case FieldKind::json:
    case FieldKind::custom:
      break;
  }
  return ValueTarget::other;
}

ValueTarget value_target(std::string_view opensearch_type) {
  constexpr std::array<std::string_view, 9> kNumbers = {"byte",   "short",      "integer",      "long",         "float",
                                                        "double", "half_float", "scaled_float", "unsigned_long"};
  for (const std::string_view name : kNumbers)
    if (name == opensearch_type) return ValueTarget::number;
  if (opensearch_type == "date" || opensearch_type == "date_nanos") return ValueTarget::date;
  return opensearch_type == "boolean" ? ValueTarget::boolean : ValueTarget::other;
}

std::string key_type(const ColumnInfo& column) {
  const SqlType type = sql_type(column);
  if (type.array || type.family == TypeFamily::other || type.family == TypeFamily::json ||
      type.family == TypeFamily::oid)
    return column.type;
  if (type.family == TypeFamily::integer) return "pg_catalog.int8";
  return "pg_catalog." + type.name;
}

}  // namespace flusso::pg
