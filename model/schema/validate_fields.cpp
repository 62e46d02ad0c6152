#include "model/schema/validate_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/mapping/field_types.h"
#include "model/words.h"

namespace flusso {

namespace {

// What `options: {type: …}` may say for this field.
std::vector<std::string_view> types_for(const Field& field) {
  struct Types {
    using List = std::vector<std::string_view>;
    List operator()(const ColumnField& column) const {
      return column.kind == FieldKind::custom ? List{column.custom_opensearch} : types_that_hold(column.kind);
    }
    List operator()(const MapField&) const { return {"object"}; }
    List operator()(const GeoField&) const { return {"geo_point"}; }
    List operator()(const ObjectField&) const { return {"object", "nested"}; }
    List operator()(const ConstantField&) const { return {}; }
    List operator()(const JoinField&) const { return {"object", "nested"}; }
    List operator()(const AggregateField& aggregate) const {
      switch (aggregate.op) {
        case AggregateOp::count:
          return types_that_hold(FieldKind::long_integer);
        case AggregateOp::avg:
          return types_that_hold(FieldKind::double_number);
        case AggregateOp::ids:
          return types_that_hold(aggregate.element_type.value_or(FieldKind::keyword));
        default:
          return types_that_hold(aggregate.value_type.value_or(FieldKind::double_number));
      }
    }
  };
  return std::visit(Types{}, field.source);
}

// Nothing can be said about the options of an aggregate whose own type is missing.
bool has_type(const Field& field) {
  const auto* aggregate = std::get_if<AggregateField>(&field.source);
  if (aggregate == nullptr || aggregate->op == AggregateOp::count || aggregate->op == AggregateOp::avg) return true;
  return aggregate->value_type || aggregate->element_type;
}

void check_length(const Field& field, std::string_view key, const KeyColumns& columns, std::string_view other,
                  const KeyColumns& target, SchemaFindings& findings) {
  if (columns.empty() || target.empty() || columns.size() == target.size()) return;
  findings.push_back({field.at,
                      fmt::format("`{}` of `{}` has {} column{}, {} has {}", key, field.name, columns.size(),
                                  columns.size() == 1 ? "" : "s", other, target.size()),
                      "the same number, in the same order",
                      {}});
}

void check_through(const Field& field, const Through& through, const KeyColumns& parent_key, SchemaFindings& findings) {
  if (through.left_key.empty() || through.right_key.empty())
    findings.push_back(
        {field.at, fmt::format("`through` of `{}` names no key", field.name), "`left_key` and `right_key`", {}, true});
  check_length(field, "left_key", through.left_key, "the parent's `primary_key`", parent_key, findings);
}

// Keys of constants become mapping properties, where OpenSearch refuses empty names and parts of names.
bool has_unusable_key(const Value& value) {
  if (const auto* list = std::get_if<ValueList>(&value.data))
    return std::any_of(list->begin(), list->end(), has_unusable_key);
  const auto* map = std::get_if<ValueMap>(&value.data);
  return map != nullptr && std::any_of(map->begin(), map->end(), [](const auto& entry) {
           const std::string& key = entry.first;
           const bool dots = key.starts_with('.') || key.ends_with('.') || key.find("..") != std::string::npos;
           return key.find_first_not_of(" \t") == std::string::npos || dots || has_unusable_key(entry.second);
         });
}

}  // namespace

void check_options(const Field& field, SchemaFindings& findings) {
  const Position& at = field.options_type_at.line > 0 ? field.options_type_at : field.at;
  for (const auto& [name, value] : field.options) {
    if (name != "type" || !has_type(field)) continue;
    const auto types = types_for(field);
    const std::string* type = std::get_if<std::string>(&value.data);
    if (type == nullptr)
      findings.push_back(
          {at, fmt::format("`type` in the options of `{}` is no string", field.name), listed(types), {}});
    else if (const auto* column = std::get_if<ColumnField>(&field.source);
             column != nullptr && column->kind == FieldKind::custom && *type != column->custom_opensearch)
      findings.push_back(
          {at,
           fmt::format("`type: {}` in the options of `{}` contradicts its `opensearch`", *type, field.name),
           listed(types),
           {}});
    else if (std::find(types.begin(), types.end(), *type) == types.end())
      findings.push_back({at,
                          fmt::format("`type: {}` in the options of `{}` cannot hold this field", *type, field.name),
                          listed(types), did_you_mean(*type, types)});
  }
}

void check_column_field(const Field& field, const ColumnField& column, SchemaFindings& findings) {
  if (column.kind == FieldKind::custom && (column.custom_postgres.empty() || column.custom_opensearch.empty()))
    findings.push_back({field.at,
                        fmt::format("custom field `{}` does not say its types", field.name),
                        "`postgres` and `opensearch`",
                        {},
                        true});
  if (column.default_value && (std::holds_alternative<ValueList>(column.default_value->data) ||
                               std::holds_alternative<ValueMap>(column.default_value->data)))
    findings.push_back({field.at,
                        fmt::format("the default of `{}` is no single value", field.name),
                        "a string, number or boolean",
                        {}});
}

void check_constant(const Field& field, const ConstantField& constant, SchemaFindings& findings) {
  if (has_unusable_key(constant.value))
    findings.push_back({field.at,
                        fmt::format("a key in the value of `{}` is empty or has an empty part", field.name),
                        "keys that OpenSearch accepts as field names",
                        {}});
}

void check_join(const Field& field, const JoinField& join, const KeyColumns& parent_key, SchemaFindings& findings) {
  if (join.primary_key.empty())
    findings.push_back({field.at,
                        fmt::format("join `{}` has no `primary_key`", field.name),
                        "the primary key of the related table",
                        {},
                        true});
  if (join.limit && *join.limit == 0)
    findings.push_back({field.at, fmt::format("`limit` of `{}` is 0", field.name), "at least 1", {}});
  switch (join.verb) {
    case JoinVerb::belongs_to:
      check_length(field, "column", join.key, "`primary_key`", join.primary_key, findings);
      break;
    case JoinVerb::has_one:
    case JoinVerb::has_many:
      check_length(field, "foreign_key", join.key, "the parent's `primary_key`", parent_key, findings);
      break;
    case JoinVerb::many_to_many:
      if (join.through) {
        check_through(field, *join.through, parent_key, findings);
        check_length(field, "right_key", join.through->right_key, "`primary_key`", join.primary_key, findings);
      }
      break;
  }
  const bool keyed = join.verb == JoinVerb::many_to_many ? join.through.has_value() : !join.key.empty();
  if (!keyed) findings.push_back({field.at, fmt::format("join `{}` is missing its key", field.name), {}, {}, true});
  check_filters(join.filters, findings);
}

void check_aggregate(const Field& field, const AggregateField& aggregate, const KeyColumns& parent_key,
                     SchemaFindings& findings) {
  if (aggregate.through)
    check_through(field, *aggregate.through, parent_key, findings);
  else if (aggregate.foreign_key.empty())
    findings.push_back({field.at,
                        fmt::format("aggregate `{}` is missing its key", field.name),
                        "`foreign_key` or `through`",
                        {},
                        true});
  check_length(field, "foreign_key", aggregate.foreign_key, "the parent's `primary_key`", parent_key, findings);
  if (aggregate.op == AggregateOp::ids && aggregate.through && aggregate.through->right_key.size() > 1 &&
      aggregate.element_type && *aggregate.element_type != FieldKind::keyword &&
      *aggregate.element_type != FieldKind::text && *aggregate.element_type != FieldKind::identifier)
    findings.push_back({field.at,
                        fmt::format("`ids` of a composite key are texts, `{}` declares `{}`", field.name,
                                    to_text(*aggregate.element_type)),
                        "`element_type` keyword, text or identifier",
                        {}});
  check_filters(aggregate.filters, findings);
}

void check_filters(const Filters& filters, SchemaFindings& findings) {
  if (!filters) return;
  for (const Filter& filter : *filters) {
    const auto* compare = std::get_if<FilterCompare>(&filter.condition);
    if (compare == nullptr) continue;
    const std::size_t operands = compare->operands.size();
    switch (compare->op) {
      case FilterOp::in:
      case FilterOp::not_in:
        if (operands == 0) findings.push_back({filter.at, "the list of values is empty", "at least one value", {}});
        break;
      case FilterOp::between:
        if (operands != 2) findings.push_back({filter.at, "`between` needs exactly two values", {}, {}});
        break;
      default:
        if (operands != 1) findings.push_back({filter.at, "the comparison needs exactly one value", {}, {}});
    }
  }
}

}  // namespace flusso
