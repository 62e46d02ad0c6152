#include "io/config/aggregates.h"

#include <fmt/format.h>

#include "io/config/filters.h"
#include "io/config/identifiers.h"
#include "io/config/joins.h"
#include "io/config/values.h"

namespace flusso::config {

namespace {

AggregateOp op_of(std::string_view tag) {
  if (tag == "count") return AggregateOp::count;
  if (tag == "sum") return AggregateOp::sum;
  if (tag == "avg") return AggregateOp::avg;
  if (tag == "min") return AggregateOp::min;
  return tag == "max" ? AggregateOp::max : AggregateOp::ids;
}

bool mirrors_column(AggregateOp op) {
  return op == AggregateOp::sum || op == AggregateOp::min || op == AggregateOp::max;
}

void read_aggregate_column(Reading& reading, Section& section, AggregateField& aggregate) {
  switch (aggregate.op) {
    case AggregateOp::ids:
      section.refuse("column", section.what() + " does not take `column`: it collects the related table's key");
      return;
    case AggregateOp::count:
      if (const Node* node = section.optional("column")) {
        read_identifier(reading, *node, "`column`");
        reading.note(node->at, section.what() + " counts rows: its `column` is not used");
      }
      return;
    default:
      if (const Node* node = section.required("column", "the column to reduce"))
        aggregate.column = read_identifier(reading, *node, "`column`").value_or("");
  }
}

void read_result_type(Reading& reading, Section& section, AggregateField& aggregate) {
  const auto required_type = [&](std::string_view key, std::string_view expected) -> std::optional<FieldKind> {
    const Node* node = section.required(key, expected);
    if (node == nullptr) return std::nullopt;
    return read_kind(reading, *node, fmt::format("`{}`", key), scalar_kinds());
  };
  if (mirrors_column(aggregate.op))
    aggregate.value_type = required_type("value_type", "the type of the column, such as `decimal`");
  else if (aggregate.op == AggregateOp::ids)
    section.refuse("value_type", section.what() + " does not take `value_type`", "`element_type`");
  else
    section.refuse("value_type", fmt::format("{} does not take `value_type`: its type is always `{}`", section.what(),
                                             aggregate.op == AggregateOp::count ? "long" : "double"));
  if (aggregate.op == AggregateOp::ids)
    aggregate.element_type = required_type("element_type", "the type of the collected keys, such as `long`");
  else
    section.refuse("element_type", section.what() + " does not take `element_type`: only `ids` does");
}

void read_aggregate_key(SchemaReading& schema, Section& section, AggregateField& aggregate) {
  const Node* direct = section.optional("foreign_key");
  const Node* junction = section.optional("through");
  if ((direct == nullptr) == (junction == nullptr))
    schema.reading.error(section.at(),
                         section.what() + (direct == nullptr ? " has neither `foreign_key` nor `through`"
                                                             : " has both `foreign_key` and `through`"),
                         "exactly one of them");
  if (direct != nullptr) aggregate.foreign_key = read_key(schema.reading, *direct, "`foreign_key`");
  if (junction != nullptr) aggregate.through = read_through(schema, *junction);
}

}  // namespace

std::optional<Field> read_aggregate(SchemaReading& schema, Section& section, std::string_view tag, const std::string&) {
  Reading& reading = schema.reading;
  AggregateField aggregate;
  aggregate.op = op_of(tag);
  section.refuse("primary_key", section.what() + " does not take `primary_key`: the related table's own is used");
  section.refuse("required",
                 section.what() + " does not take `required`: its nullability follows from `" + std::string(tag) + "`");
  aggregate.table = read_table(reading, section, schema.schema);
  read_aggregate_column(reading, section, aggregate);
  read_result_type(reading, section, aggregate);
  read_aggregate_key(schema, section, aggregate);
  if (const Node* node = section.optional("filters")) aggregate.filters = read_filters(reading, *node, "`filters`");
  Field field;
  read_options(reading, section, field);
  field.source = std::move(aggregate);
  return field;
}

}  // namespace flusso::config
