#include "io/config/schema_json.h"

#include <nlohmann/json.hpp>

#include "io/config/config_json.h"

namespace flusso::config {
namespace {

using Json = nlohmann::json;

Json fields_json(const std::vector<Field>& fields);

// A plain key is its column, a composite one a list.
Json key(const KeyColumns& columns) { return columns.size() == 1 ? Json(columns.front()) : Json(columns); }

std::string_view operator_name(FilterOp op) {
  switch (op) {
    case FilterOp::eq:
      return "eq";
    case FilterOp::neq:
      return "neq";
    case FilterOp::lt:
      return "lt";
    case FilterOp::lte:
      return "lte";
    case FilterOp::gt:
      return "gt";
    case FilterOp::gte:
      return "gte";
    case FilterOp::in:
      return "in";
    case FilterOp::not_in:
      return "not_in";
    case FilterOp::like:
      return "like";
    case FilterOp::ilike:
      return "ilike";
    case FilterOp::between:
      return "between";
  }
  return "eq";
}

Json filter_json(const Filter& filter) {
  if (const auto* raw = std::get_if<FilterRaw>(&filter.condition)) return {{"raw", raw->sql}};
  if (const auto* null = std::get_if<FilterNull>(&filter.condition))
    return {{"column", null->column}, {"op", null->is_null ? "is_null" : "is_not_null"}};
  const auto& compare = std::get<FilterCompare>(filter.condition);
  const bool many = compare.op == FilterOp::in || compare.op == FilterOp::not_in || compare.op == FilterOp::between;
  Json out{{"column", compare.column}, {"op", operator_name(compare.op)}};
  out["value"] = many || compare.operands.empty() ? Json(compare.operands) : Json(compare.operands.front());
  return out;
}

void put_filters(Json& out, const char* name, const Filters& filters) {
  if (!filters) return;
  Json list = Json::array();
  for (const Filter& filter : *filters) list.push_back(filter_json(filter));
  out[name] = std::move(list);
}

Json through_json(const Through& through, const std::string& schema) {
  Json out{{"table", through.table.name}, {"left_key", key(through.left_key)}, {"right_key", key(through.right_key)}};
  if (through.table.schema != schema) out["db_schema"] = through.table.schema;
  return out;
}

Json column_json(const ColumnField& column) {
  Json type = std::string(to_text(column.kind));
  if (column.kind == FieldKind::custom)
    type = {{"custom", {{"postgres", column.custom_postgres}, {"opensearch", column.custom_opensearch}}}};
  Json out{{"column", column.column}, {"ty", std::move(type)}, {"nullable", !column.required}};
  if (!column.transforms.empty()) {
    Json list = Json::array();
    for (const Transform transform : column.transforms)
      list.push_back(transform == Transform::trim ? "trim" : "lowercase");
    out["transforms"] = std::move(list);
  }
  if (column.default_value) out["default"] = tagged(*column.default_value);
  if (!column.variants.empty()) out["enum_order"] = column.variants;
  return out;
}

Json geo_json(const GeoField& geo) {
  if (geo.column.empty()) return {{"geo", {{"lat", geo.lat}, {"lon", geo.lon}, {"nullable", !geo.required}}}};
  return {{"column", {{"column", geo.column}, {"ty", "geo_point"}, {"nullable", !geo.required}}}};
}

std::string_view verb_name(JoinVerb verb) {
  switch (verb) {
    case JoinVerb::belongs_to:
      return "belongs_to";
    case JoinVerb::has_one:
      return "has_one";
    case JoinVerb::has_many:
      return "has_many";
    case JoinVerb::many_to_many:
      return "many_to_many";
  }
  return "has_many";
}

Json join_json(const JoinField& join) {
  Json how;
  if (join.verb == JoinVerb::belongs_to)
    how = {{"column", key(join.key)}};
  else if (join.through)
    how = {{"through", through_json(*join.through, join.table.schema)}};
  else
    how = {{"foreign_key", key(join.key)}};
  const bool to_one = join.verb == JoinVerb::belongs_to || join.verb == JoinVerb::has_one;
  Json out{{"table", join.table.name},
           {"db_schema", join.table.schema},
           {"kind", {{std::string(verb_name(join.verb)), std::move(how)}}},
           {"primary_key", key(join.primary_key)},
           {"nullable", to_one && !join.required},
           {"fields", fields_json(join.fields)}};
  put_filters(out, "filters", join.filters);
  if (join.order_by) {
    Json list = Json::array();
    for (const OrderBy& order : *join.order_by) {
      Json one{{"column", order.column}};
      if (order.direction_given) one["direction"] = order.descending ? "desc" : "asc";
      list.push_back(std::move(one));
    }
    out["order_by"] = std::move(list);
  }
  if (join.limit) out["limit"] = *join.limit;
  return {{"relation", {{"join", std::move(out)}}}};
}

Json aggregate_op(const AggregateField& aggregate) {
  switch (aggregate.op) {
    case AggregateOp::count:
      return "count";
    case AggregateOp::sum:
      return {{"sum", aggregate.column}};
    case AggregateOp::avg:
      return {{"avg", aggregate.column}};
    case AggregateOp::min:
      return {{"min", aggregate.column}};
    case AggregateOp::max:
      return {{"max", aggregate.column}};
    case AggregateOp::ids:
      return {{"ids", std::string(to_text(aggregate.element_type.value_or(FieldKind::keyword)))}};
  }
  return "count";
}

Json aggregate_json(const AggregateField& aggregate) {
  Json out{{"table", aggregate.table.name}, {"db_schema", aggregate.table.schema}, {"op", aggregate_op(aggregate)}};
  out["key"] = aggregate.through ? Json{{"through", through_json(*aggregate.through, aggregate.table.schema)}}
                                 : Json{{"direct", key(aggregate.foreign_key)}};
  if (aggregate.value_type) out["value_type"] = to_text(*aggregate.value_type);
  put_filters(out, "filters", aggregate.filters);
  return {{"relation", {{"aggregate", std::move(out)}}}};
}

struct SourceJson {
  Json operator()(const ColumnField& column) const { return {{"column", column_json(column)}}; }
  Json operator()(const MapField& map) const {
    return {{"column", {{"column", map.column}, {"ty", {{"map", to_text(map.values)}}}, {"nullable", !map.required}}}};
  }
  Json operator()(const GeoField& geo) const { return geo_json(geo); }
  Json operator()(const ObjectField& object) const { return {{"group", fields_json(object.fields)}}; }
  Json operator()(const ConstantField& constant) const { return {{"constant", tagged(constant.value)}}; }
  Json operator()(const JoinField& join) const { return join_json(join); }
  Json operator()(const AggregateField& aggregate) const { return aggregate_json(aggregate); }
};

Json fields_json(const std::vector<Field>& fields) {
  Json list = Json::array();
  for (const Field& field : fields) {
    Json one{{"field", field.name}, {"source", std::visit(SourceJson{}, field.source)}};
    if (!field.options.empty()) {
      Json options = Json::object();
      for (const auto& [name, value] : field.options) options[name] = tagged(value);
      one["options"] = std::move(options);
    }
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace

Json to_json(const IndexSchema& schema) {
  Json out{{"version", schema.version},
           {"table", schema.table.name},
           {"db_schema", schema.table.schema},
           {"fields", fields_json(schema.fields)}};
  if (!schema.primary_key.empty()) out["primary_key"] = key(schema.primary_key);
  if (schema.soft_delete) {
    const SoftDelete& rule = *schema.soft_delete;
    Json one{{rule.by_field ? "field" : "column", rule.name}};
    put_filters(one, "when", rule.when);
    out["soft_delete"] = std::move(one);
  }
  put_filters(out, "filters", schema.filters);
  return out;
}

}  // namespace flusso::config
