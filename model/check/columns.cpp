#include "model/check/columns.h"

#include <fmt/format.h>

#include "model/check/column_types.h"
#include "model/check/enum_values.h"
#include "model/check/nullability.h"
#include "model/check/transforms.h"

namespace flusso {
namespace {

void check_type(const Site& site, const ColumnField& field, const TableFacts& table, const ColumnInfo& column,
                const ValueType& type) {
  if (field.kind == FieldKind::custom) {
    if (accepts_custom(field.custom_postgres, type)) return;
    site.error(
        fmt::format("`custom` lists [{}] as Postgres types, column {} is {}; add `{}` to `postgres` if the "
                    "OpenSearch type `{}` holds it",
                    fmt::join(field.custom_postgres, ", "), column_text(table, column), column.type, type.name,
                    field.custom_opensearch));
    return;
  }
  if (accepts(field.kind, type)) return;
  site.error(fmt::format("type mismatch: `{}` takes {}, column {} is {}; {}", to_text(field.kind),
                         accepted_types(field.kind), column_text(table, column), column.type,
                         fitting_declaration(type)));
}

void check_coordinate(const Site& site, const TableFacts& table, const std::string& name, std::string_view role) {
  const ColumnInfo* column = find_column(site, table, name, role);
  if (column == nullptr) return;
  const ValueType type = value_type(*column, *site.facts);
  if (type.array || !type.is_number())
    site.error(
        fmt::format("type mismatch: {} takes a numeric column, {} is {}; name a column of type double precision "
                    "or numeric",
                    role, column_text(table, *column), column->type));
}

}  // namespace

void check_column(const Site& site, const ColumnField& field, const TableFacts& table, const KeyColumns& key) {
  const ColumnInfo* column = find_column(site, table, field.column, "`column`");
  if (column == nullptr) return;
  const ValueType type = value_type(*column, *site.facts);
  check_type(site, field, table, *column, type);
  if (field.required && !field.default_value) check_required(site, table, *column, key);
  check_transforms(site, field, table, *column, type);
  check_variants(site, field, *column, type);
}

void check_map(const Site& site, const MapField& field, const TableFacts& table, const KeyColumns& key) {
  const ColumnInfo* column = find_column(site, table, field.column, "`column`");
  if (column == nullptr) return;
  const ValueType type = value_type(*column, *site.facts);
  if (!type.is_json())
    site.error(fmt::format("type mismatch: `map` takes json or jsonb, column {} is {}; name a json column, or {}",
                           column_text(table, *column), column->type, fitting_declaration(type)));
  if (field.required) check_required(site, table, *column, key);
}

void check_point(const Site& site, const GeoField& field, const TableFacts& table) {
  if (field.column.empty()) {
    check_coordinate(site, table, field.lat, "`lat`");
    check_coordinate(site, table, field.lon, "`lon`");
    for (const std::string& name : {field.lat, field.lon})
      if (const ColumnInfo* column = table.info.column(name); column != nullptr && field.required)
        check_required(site, table, *column, {});
    return;
  }
  const ColumnInfo* column = find_column(site, table, field.column, "`column`");
  if (column == nullptr) return;
  const ValueType type = value_type(*column, *site.facts);
  if (!type.is_json() && (!type.is_text() || type.kind == 'e'))
    site.error(
        fmt::format("type mismatch: `geo` takes json, jsonb or text, column {} is {}; expose the point as a "
                    "generated jsonb column {{\"lat\": …, \"lon\": …}}, or name `lat` and `lon` columns",
                    column_text(table, *column), column->type));
  if (field.required) check_required(site, table, *column, {});
}

}  // namespace flusso
