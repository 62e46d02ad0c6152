#include "io/pg/row_renderer.h"

#include <fmt/format.h>

#include "io/pg/filter_sql.h"
#include "io/pg/key_sql.h"
#include "io/pg/marked_text.h"
#include "io/pg/relation_sql.h"

namespace flusso::pg {

Result<const TableInfo*> RowRenderer::table(const TableRef& ref) const {
  if (const TablePlan* found = plan_.find(ref)) return &found->info;
  return fail(ErrorKind::config, "config.table_missing", fmt::format("table {} does not exist", to_text(ref)));
}

Result<RenderedRow> RowRenderer::row(const std::vector<Field>& fields, const RowScope& scope) {
  RelationRenderer relations(*this, scope);
  FLUSSO_TRY(relations.render(fields));
  RenderedRow rendered;
  FLUSSO_TRY(append_object(rendered.json, fields, scope, relations.values()));
  rendered.joins = relations.joins();
  return rendered;
}

Result<TextParts> RowRenderer::mark(const TableInfo& table, std::string_view alias) const {
  TextParts mark;
  for (std::size_t i = 0; i < traced_.size(); ++i) {
    if (traced_[i].table != table.table) continue;
    FLUSSO_TRY_ASSIGN(const std::string key, key_text(table, traced_[i].key, alias));
    const bool utf8 = table.columns.empty() || table.columns.front().utf8;
    mark.constant(fmt::format("{}{} ", kRowMark, i));
    mark.expression(utf8 ? fmt::format("octet_length({})", key)
                         : fmt::format("octet_length(convert_to({},'UTF8'))", key));
    mark.constant(":");
    mark.expression(key);
  }
  return mark;
}

Status RowRenderer::append_object(TextParts& out, const std::vector<Field>& fields, const RowScope& scope,
                                  const Relations& relations) {
  std::string separator = "{";
  for (const Field& field : fields) {
    append_json_string(separator, field.name);
    out.constant(separator + ':');
    FLUSSO_TRY(append_value(out, field, scope, relations));
    separator = ",";
  }
  out.constant(fields.empty() ? "{}" : "}");
  return {};
}

Status RowRenderer::append_value(TextParts& out, const Field& field, const RowScope& scope,
                                 const Relations& relations) {
  const auto value_of = [&scope](const std::string& column) -> Result<SqlValue> {
    FLUSSO_TRY_ASSIGN(const ColumnInfo* info, require_column(*scope.table, column));
    return column_value(*info, scope.alias);
  };
  if (const auto* column = std::get_if<ColumnField>(&field.source)) {
    FLUSSO_TRY_ASSIGN(const SqlValue value, value_of(column->column));
    append_column_field(out, *column, value);
  } else if (const auto* map = std::get_if<MapField>(&field.source)) {
    FLUSSO_TRY_ASSIGN(const SqlValue value, value_of(map->column));
    append_json(out, value, {});
  } else if (const auto* geo = std::get_if<GeoField>(&field.source)) {
    if (geo->lat.empty()) {
      FLUSSO_TRY_ASSIGN(const SqlValue value, value_of(geo->column));
      append_json(out, value, {});
    } else {
      FLUSSO_TRY_ASSIGN(const SqlValue lat, value_of(geo->lat));
      FLUSSO_TRY_ASSIGN(const SqlValue lon, value_of(geo->lon));
      append_geo_point(out, lat, lon);
    }
  } else if (const auto* object = std::get_if<ObjectField>(&field.source)) {
    FLUSSO_TRY(append_object(out, object->fields, scope, relations));
  } else if (const auto* constant = std::get_if<ConstantField>(&field.source)) {
    out.constant(to_json(constant->value));
  } else {
    out.append(relations.at(&field));
  }
  return {};
}

}  // namespace flusso::pg
