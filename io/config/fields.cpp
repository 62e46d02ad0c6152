#include "io/config/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/config/aggregates.h"
#include "io/config/column_fields.h"
#include "io/config/identifiers.h"
#include "io/config/joins.h"
#include "io/config/values.h"
#include "model/schema/names.h"
#include "model/words.h"

namespace flusso::config {

namespace {

using FieldReader = std::optional<Field> (*)(SchemaReading&, Section&, std::string_view tag, const std::string& key);

struct TypeKey {
  std::string_view tag;
  FieldReader read;
  std::string_view label;  // how the field is called in messages
};

std::optional<Field> read_object(SchemaReading& schema, Section& section, std::string_view, const std::string&) {
  section.refuse("required", "an `object` does not take `required`: it is never null");
  ObjectField object;
  if (const Node* fields = section.required("fields", "a list of fields")) object.fields = read_fields(schema, *fields);
  Field field;
  read_options(schema.reading, section, field);
  field.source = std::move(object);
  return field;
}

std::optional<Field> read_constant(SchemaReading& schema, Section& section, std::string_view, const std::string&) {
  section.refuse("options", "a `constant` does not take `options`");
  ConstantField constant;
  if (const Node* value = section.optional("value")) constant.value = read_value(schema.reading, *value);
  Field field;
  field.source = std::move(constant);
  return field;
}

const std::vector<TypeKey>& type_keys() {
  static const std::vector<TypeKey> kKeys = [] {
    std::vector<TypeKey> keys;
    for (const FieldKind kind : scalar_kinds()) keys.push_back({to_text(kind), &read_scalar, "field"});
    for (const TypeKey& key : {TypeKey{"custom", &read_custom, "field"}, TypeKey{"geo", &read_geo, "field"},
                               TypeKey{"object", &read_object, "field"}, TypeKey{"map", &read_map, "field"}})
      keys.push_back(key);
    for (const std::string_view verb : {"belongs_to", "has_one", "has_many", "many_to_many"})
      keys.push_back({verb, &read_join, "join"});
    for (const std::string_view op : {"count", "sum", "avg", "min", "max", "ids"})
      keys.push_back({op, &read_aggregate, "aggregate"});
    keys.push_back({"constant", &read_constant, "field"});
    return keys;
  }();
  return kKeys;
}

const TypeKey* find_type_key(std::string_view word) {
  const auto& keys = type_keys();
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const TypeKey& key) { return key.tag == word; });
  return found == keys.end() ? nullptr : &*found;
}

void report_missing_type_key(Reading& reading, const Node& node, const std::vector<Entry>& entries) {
  std::vector<std::string_view> tags;
  for (const TypeKey& key : type_keys()) tags.push_back(key.tag);
  for (const Entry& entry : entries)
    if (std::string hint = did_you_mean(entry.key, tags); !hint.empty() && entry.value.text() != nullptr) {
      reading.error(entry.at, fmt::format("`{}` is no field type", entry.key), listed(tags), hint);
      return;
    }
  reading.error(node.at, "the field has no type key", listed(tags),
                "fields are written type first: `- keyword: email`");
}

std::optional<Field> read_field(SchemaReading& schema, const Node& node) {
  Reading& reading = schema.reading;
  const auto* entries = node.mapping();
  if (entries == nullptr) {
    reading.error(node.at, fmt::format("the field is {}", kind_of(node)), "a mapping such as `keyword: email`");
    return std::nullopt;
  }
  const TypeKey* type = nullptr;
  const Entry* tag = nullptr;
  for (const Entry& entry : *entries) {
    const TypeKey* found = find_type_key(entry.key);
    if (found == nullptr) continue;
    if (type != nullptr) {
      reading.error(entry.at, fmt::format("the field has more than one type key: `{}` and `{}`", type->tag, found->tag),
                    "exactly one");
      return std::nullopt;
    }
    type = found;
    tag = &entry;
  }
  if (type == nullptr) {
    report_missing_type_key(reading, node, *entries);
    return std::nullopt;
  }
  const auto key = read_field_name(reading, tag->value, fmt::format("the document key of `{}`", type->tag));
  Section section(reading, node, fmt::format("`{}` {} `{}`", type->tag, type->label, key.value_or("?")));
  section.ignore(type->tag);
  // Without a valid key the siblings are still read, for their mistakes.
  std::optional<Field> field = type->read(schema, section, type->tag, key.value_or("unnamed"));
  section.finish();
  if (!field || !key) return std::nullopt;
  field->name = *key;
  field->at = reading.at(tag->value.at);
  return field;
}

}  // namespace

std::vector<Field> read_fields(SchemaReading& schema, const Node& node) {
  std::vector<Field> fields;
  const auto* list = node.list();
  if (list == nullptr) {
    schema.reading.error(node.at, fmt::format("`fields` is {}", kind_of(node)), "a list of fields");
    return fields;
  }
  if (list->empty()) schema.reading.error(node.at, "`fields` is empty", "at least one field");
  for (const Node& item : *list)
    if (auto field = read_field(schema, item)) fields.push_back(std::move(*field));
  return fields;
}

void read_options(Reading& reading, Section& section, Field& field) {
  const Node* node = section.optional("options");
  if (node == nullptr) return;
  if (node->mapping() == nullptr) {
    reading.error(node->at, fmt::format("`options` is {}", kind_of(*node)), "a mapping of OpenSearch properties");
    return;
  }
  for (const Entry& entry : *node->mapping())
    if (entry.key == "type") field.options_type_at = reading.at(entry.value.at);
  field.options = std::get<ValueMap>(read_value(reading, *node).data);
}

bool read_required(Reading& reading, Section& section) {
  const Node* node = section.optional("required");
  return node != nullptr && read_bool(reading, *node, "`required`").value_or(false);
}

std::string read_column(Reading& reading, Section& section, const std::string& document_key) {
  std::string column = folded(document_key);
  if (const Node* node = section.optional("column"))
    if (auto name = read_identifier(reading, *node, "`column`")) column = std::move(*name);
  return column;
}

}  // namespace flusso::config
