#include "model/mapping/derive.h"

#include <algorithm>

#include "model/mapping/content_hash.h"
#include "model/mapping/field_types.h"

namespace flusso {

namespace {

MappingField mapping_of(const Field& field, const KeyColumns& key);

std::vector<MappingField> mappings_of(const std::vector<Field>& fields, const KeyColumns& key) {
  std::vector<MappingField> out;
  for (const Field& field : fields) out.push_back(mapping_of(field, key));
  return out;
}

bool contains(const ValueMap& options, std::string_view name) {
  return std::any_of(options.begin(), options.end(), [&](const auto& option) { return option.first == name; });
}

void add_option(MappingField& out, std::string_view name, Value value) {
  if (!contains(out.options, name)) out.options.emplace_back(name, std::move(value));
}

bool is_object_type(std::string_view type) { return type == "object" || type == "nested"; }

// The shape of a constant's value, in which keys become properties: the mapping is strict below it too.
void describe_constant(const Value& value, MappingField& out) {
  out.nullable = false;
  out.type = "keyword";
  if (value.is_null()) {
    out.nullable = true;
  } else if (std::holds_alternative<bool>(value.data)) {
    out.type = "boolean";
  } else if (std::holds_alternative<std::int64_t>(value.data)) {
    out.type = "long";
  } else if (std::holds_alternative<Digits>(value.data)) {
    out.type = "double";
  } else if (const auto* list = std::get_if<ValueList>(&value.data)) {
    if (!list->empty()) describe_constant(list->front(), out);
    out.nullable = false;
    // Elements of a list of objects may differ: the first to use a key decides its type.
    for (const Value& item : *list) {
      MappingField other;
      describe_constant(item, other);
      for (MappingField& child : other.children) {
        const bool known = std::any_of(out.children.begin(), out.children.end(),
                                       [&](const MappingField& present) { return present.name == child.name; });
        if (!known && out.type == "object") out.children.push_back(std::move(child));
      }
    }
  } else if (const auto* map = std::get_if<ValueMap>(&value.data)) {
    out.type = "object";
    for (const auto& [name, inner] : *map) {
      MappingField child;
      child.name = name;
      describe_constant(inner, child);
      out.children.push_back(std::move(child));
    }
  }
}

struct Derive {
  const KeyColumns& key;  // declared key of the row that the columns belong to
  MappingField& out;

  bool is_key(const std::string& column) const { return std::find(key.begin(), key.end(), column) != key.end(); }

  void operator()(const ColumnField& column) const {
    if (out.type.empty())
      out.type = column.kind == FieldKind::custom ? column.custom_opensearch : mapping_type(column.kind);
    out.nullable = !column.required && !column.default_value && !is_key(column.column);
    out.variants = column.variants;
    if (column.kind == FieldKind::identifier &&
        (out.type == "text" || out.type == "search_as_you_type" || out.type == "match_only_text"))
      add_option(out, "analyzer", Value{std::string("flusso_code")});
    const bool open = column.kind == FieldKind::json && is_object_type(out.type) && !contains(out.options, "enabled");
    if (open) add_option(out, "dynamic", Value{true});
  }
  void operator()(const MapField& map) const {
    out.type = "object";
    out.nullable = !map.required && !is_key(map.column);
    out.map_values_type = mapping_type(map.values);
    if (map.values == FieldKind::identifier)
      out.map_values_options.emplace_back("analyzer", Value{std::string("flusso_code")});
    add_option(out, "dynamic", Value{true});
  }
  void operator()(const GeoField& geo) const {
    out.type = "geo_point";
    out.nullable = !geo.required;
  }
  void operator()(const ObjectField& object) const {
    if (out.type.empty()) out.type = "object";
    out.nullable = false;
    out.children = mappings_of(object.fields, key);
  }
  void operator()(const ConstantField& constant) const { describe_constant(constant.value, out); }
  void operator()(const JoinField& join) const {
    const bool to_one = join.verb == JoinVerb::belongs_to || join.verb == JoinVerb::has_one;
    if (out.type.empty()) out.type = to_one ? "object" : "nested";
    out.nullable = to_one && !join.required;
    out.children = mappings_of(join.fields, join.primary_key);
  }
  void operator()(const AggregateField& aggregate) const {
    std::string_view type = "long";
    if (aggregate.op == AggregateOp::avg) type = "double";
    if (aggregate.value_type) type = mapping_type(*aggregate.value_type);
    if (aggregate.op == AggregateOp::ids) type = mapping_type(aggregate.element_type.value_or(FieldKind::keyword));
    if (out.type.empty()) out.type = type;
    out.array = aggregate.op == AggregateOp::ids;
    out.nullable = aggregate.op != AggregateOp::count && aggregate.op != AggregateOp::ids;
  }
};

MappingField mapping_of(const Field& field, const KeyColumns& key) {
  MappingField out;
  out.name = field.name;
  for (const auto& [name, value] : field.options) {
    const auto* type = name == "type" ? std::get_if<std::string>(&value.data) : nullptr;
    if (type != nullptr)
      out.type = *type;
    else
      out.options.emplace_back(name, value);
  }
  std::visit(Derive{key, out}, field.source);
  return out;
}

bool any_dynamic(const std::vector<MappingField>& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const MappingField& field) {
    return contains(field.options, "dynamic") || any_dynamic(field.children);
  });
}

}  // namespace

IndexMapping derive_mapping(std::string name, const IndexSchema& schema) {
  IndexMapping mapping;
  mapping.name = std::move(name);
  mapping.hash = content_hash(schema);
  mapping.fields = mappings_of(schema.fields, schema.primary_key);
  return mapping;
}

bool has_dynamic_fields(const IndexMapping& mapping) { return any_dynamic(mapping.fields); }

}  // namespace flusso
