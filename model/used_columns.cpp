#include "model/used_columns.h"

#include <algorithm>

namespace flusso {
namespace {

class Collector {
 public:
  std::map<TableRef, UsedColumns> used;

  void add(const TableRef& table, const std::string& column) {
    UsedColumns& entry = used[table];
    if (!column.empty()) entry.names.insert(column);
  }
  void add(const TableRef& table, const KeyColumns& columns) {
    used[table];
    for (const std::string& column : columns) add(table, column);
  }
  void add(const TableRef& table, const Filters& filters) {
    if (!filters) return;
    for (const Filter& filter : *filters) {
      if (const auto* raw = std::get_if<FilterRaw>(&filter.condition)) used[table].raw.push_back(raw->sql);
      if (const auto* null = std::get_if<FilterNull>(&filter.condition)) add(table, null->column);
      if (const auto* compare = std::get_if<FilterCompare>(&filter.condition)) add(table, compare->column);
    }
  }
  void add(const TableRef& table, const std::vector<Field>& fields) {
    for (const Field& field : fields) {
      if (const auto* column = std::get_if<ColumnField>(&field.source)) add(table, column->column);
      if (const auto* map = std::get_if<MapField>(&field.source)) add(table, map->column);
      if (const auto* geo = std::get_if<GeoField>(&field.source))
        add(table, KeyColumns{geo->column, geo->lat, geo->lon});
      if (const auto* object = std::get_if<ObjectField>(&field.source)) add(table, object->fields);
      if (const auto* join = std::get_if<JoinField>(&field.source)) add_join(table, *join);
      if (const auto* aggregate = std::get_if<AggregateField>(&field.source)) add_aggregate(*aggregate);
    }
  }

 private:
  void add_join(const TableRef& parent, const JoinField& join) {
    add(join.table, join.primary_key);
    add(join.verb == JoinVerb::belongs_to ? parent : join.table, join.key);
    if (join.through) add_through(*join.through);
    add(join.table, join.filters);
    if (join.order_by)
      for (const OrderBy& order : *join.order_by) add(join.table, order.column);
    add(join.table, join.fields);
  }
  void add_aggregate(const AggregateField& aggregate) {
    add(aggregate.table, aggregate.column);
    add(aggregate.table, aggregate.foreign_key);
    if (aggregate.through) add_through(*aggregate.through);
    add(aggregate.table, aggregate.filters);
  }
  void add_through(const Through& through) {
    add(through.table, through.left_key);
    add(through.table, through.right_key);
  }
};

}  // namespace

bool UsedColumns::contains(std::string_view column) const {
  return names.contains(column) || std::any_of(raw.begin(), raw.end(), [&](const std::string& sql) {
           // Unquoted names fold to lower case, and a quoted name doubles its quotes.
           std::string lower(sql);
           std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
             return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
           });
           std::string quoted;
           for (const char c : column) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
           return sql.find(quoted) != std::string::npos || lower.find(quoted) != std::string::npos;
         });
}

std::map<TableRef, UsedColumns> used_columns(const IndexSchema& schema) {
  Collector collector;
  collector.add(schema.table, schema.primary_key);
  if (schema.soft_delete) {
    collector.add(schema.table, schema.soft_delete->column);
    collector.add(schema.table, schema.soft_delete->when);
  }
  collector.add(schema.table, schema.filters);
  collector.add(schema.table, schema.fields);
  return std::move(collector.used);
}

}  // namespace flusso
