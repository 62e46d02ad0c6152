#include "io/config/column_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/config/identifiers.h"
#include "io/config/values.h"
#include "model/schema/names.h"

namespace flusso::config {

namespace {

std::vector<Transform> read_transforms(Reading& reading, Section& section) {
  std::vector<Transform> out;
  const Node* node = section.optional("transforms");
  if (node == nullptr) return out;
  const auto* list = node->list();
  if (list == nullptr) {
    reading.error(node->at, fmt::format("`transforms` is {}", kind_of(*node)), "a list of `lowercase` and `trim`");
    return out;
  }
  for (const Node& item : *list)
    if (const auto transform = read_choice<Transform>(reading, item, "a transform",
                                                      {{"lowercase", Transform::lowercase}, {"trim", Transform::trim}}))
      out.push_back(*transform);
  return out;
}

std::optional<Value> read_default(Reading& reading, Section& section) {
  const Node* node = section.optional("default");
  if (node == nullptr) return std::nullopt;
  if (node->list() != nullptr || node->mapping() != nullptr) {
    reading.error(node->at, fmt::format("`default` is {}", kind_of(*node)), "a string, number or boolean");
    return std::nullopt;
  }
  return read_value(reading, *node);
}

std::vector<std::string> read_variants(Reading& reading, Section& section) {
  std::vector<std::string> out;
  const Node* node = section.optional("variants");
  if (node == nullptr) return out;
  const auto* list = node->list();
  if (list == nullptr) {
    reading.error(node->at, fmt::format("`variants` is {}", kind_of(*node)), "a list of strings");
    return out;
  }
  for (const Node& item : *list) {
    auto variant = read_string(reading, item, "a variant");
    if (!variant) continue;
    if (trimmed(*variant).empty() || variant->find("=>") != std::string::npos ||
        variant->find_first_of(std::string_view("\n\0", 2)) != std::string::npos)
      reading.error(item.at, fmt::format("the variant `{}` is not allowed", *variant),
                    "a text that is not blank and holds neither `=>` nor a line break");
    else if (std::find(out.begin(), out.end(), *variant) != out.end())
      reading.error(item.at, fmt::format("the variant `{}` stands twice", *variant));
    else
      out.push_back(std::move(*variant));
  }
  return out;
}

FieldKind kind_of_tag(std::string_view tag) {
  for (const FieldKind kind : scalar_kinds())
    if (to_text(kind) == tag) return kind;
  return FieldKind::keyword;
}

}  // namespace

std::optional<Field> read_scalar(SchemaReading& schema, Section& section, std::string_view tag,
                                 const std::string& key) {
  Reading& reading = schema.reading;
  ColumnField column;
  column.kind = kind_of_tag(tag);
  column.required = read_required(reading, section);
  column.column = read_column(reading, section, key);
  Field field;
  read_options(reading, section, field);
  column.transforms = read_transforms(reading, section);
  column.default_value = read_default(reading, section);
  if (column.kind == FieldKind::enumeration) column.variants = read_variants(reading, section);
  field.source = std::move(column);
  return field;
}

std::optional<Field> read_custom(SchemaReading& schema, Section& section, std::string_view, const std::string& key) {
  Reading& reading = schema.reading;
  section.refuse("transforms", "a `custom` field does not take `transforms`");
  ColumnField column;
  column.kind = FieldKind::custom;
  if (const Node* node = section.required("postgres", "a list of Postgres types"))
    if (auto types = read_strings(reading, *node, "`postgres`")) {
      if (node->list()->empty()) reading.error(node->at, "`postgres` is empty", "at least one Postgres type");
      for (const Node& item : *node->list())
        if (item.text() != nullptr && trimmed(*item.text()).empty())
          reading.error(item.at, "an element of `postgres` is blank", "a Postgres type");
      column.custom_postgres = std::move(*types);
    }
  if (const Node* node = section.required("opensearch", "an OpenSearch field type"))
    if (auto type = read_string(reading, *node, "`opensearch`")) {
      if (trimmed(*type).empty()) reading.error(node->at, "`opensearch` is empty", "an OpenSearch field type");
      column.custom_opensearch = std::move(*type);
    }
  column.required = read_required(reading, section);
  column.column = read_column(reading, section, key);
  Field field;
  read_options(reading, section, field);
  column.default_value = read_default(reading, section);
  field.source = std::move(column);
  return field;
}

std::optional<Field> read_map(SchemaReading& schema, Section& section, std::string_view, const std::string& key) {
  static const std::vector<FieldKind> kLeaves = {
      FieldKind::text,         FieldKind::identifier,    FieldKind::keyword, FieldKind::enumeration,
      FieldKind::uuid,         FieldKind::short_integer, FieldKind::integer, FieldKind::long_integer,
      FieldKind::float_number, FieldKind::double_number, FieldKind::decimal, FieldKind::date,
      FieldKind::timestamp};
  Reading& reading = schema.reading;
  section.refuse("default", "a `map` does not take `default`");
  section.refuse("transforms", "a `map` does not take `transforms`");
  MapField map;
  const Node* values = section.required("values", "the type of every value, such as `text`");
  std::optional<FieldKind> kind;
  if (values != nullptr) kind = read_kind(reading, *values, "`values`", kLeaves);
  map.required = read_required(reading, section);
  map.column = read_column(reading, section, key);
  Field field;
  read_options(reading, section, field);
  if (!kind) return std::nullopt;
  map.values = *kind;
  field.source = std::move(map);
  return field;
}

std::optional<Field> read_geo(SchemaReading& schema, Section& section, std::string_view, const std::string& key) {
  Reading& reading = schema.reading;
  section.refuse("default", "a `geo` field does not take `default`");
  section.refuse("transforms", "a `geo` field does not take `transforms`");
  GeoField geo;
  geo.required = read_required(reading, section);
  const auto coordinate = [&](std::string_view name) -> std::string {
    const Node* node = section.optional(name);
    if (node == nullptr) return {};
    return read_identifier(reading, *node, fmt::format("`{}`", name)).value_or("");
  };
  const bool has_lat = section.optional("lat") != nullptr;
  const bool has_lon = section.optional("lon") != nullptr;
  const Node* column = section.optional("column");
  if (has_lat != has_lon || (has_lat && column != nullptr)) {
    reading.error(section.at(),
                  section.what() + (column != nullptr ? " mixes its two forms" : " has only one coordinate"),
                  "both `lat` and `lon`, or a single `column`");
  }
  if (has_lat || has_lon) {
    geo.lat = coordinate("lat");
    geo.lon = coordinate("lon");
  } else {
    geo.column = read_column(reading, section, key);
  }
  Field field;
  read_options(reading, section, field);
  field.source = std::move(geo);
  return field;
}

}  // namespace flusso::config
