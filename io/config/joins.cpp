#include "io/config/joins.h"

#include <fmt/format.h>

#include "io/config/filters.h"
#include "io/config/identifiers.h"
#include "io/config/values.h"
#include "model/schema/names.h"

namespace flusso::config {

namespace {

JoinVerb verb_of(std::string_view tag) {
  if (tag == "belongs_to") return JoinVerb::belongs_to;
  if (tag == "has_one") return JoinVerb::has_one;
  return tag == "has_many" ? JoinVerb::has_many : JoinVerb::many_to_many;
}

bool is_to_one(JoinVerb verb) { return verb == JoinVerb::belongs_to || verb == JoinVerb::has_one; }

constexpr std::string_view kColumnMeaning = "`column`: this table's column that points at the related row";
constexpr std::string_view kForeignKeyMeaning = "`foreign_key`: the related table's column that points back";
constexpr std::string_view kThroughMeaning = "`through`: the junction table with `left_key` and `right_key`";

std::string_view key_meaning(JoinVerb verb) {
  if (verb == JoinVerb::belongs_to) return kColumnMeaning;
  return verb == JoinVerb::many_to_many ? kThroughMeaning : kForeignKeyMeaning;
}

// The one key sibling that the verb implies; the others are refused by name.
void read_join_key(SchemaReading& schema, Section& section, const std::string& document_key, JoinField& join) {
  Reading& reading = schema.reading;
  bool refused = false;
  const auto refuse = [&](std::string_view key) {
    refused |= section.refuse(key, fmt::format("{} does not take `{}`", section.what(), key),
                              std::string(key_meaning(join.verb)));
  };
  const auto missing = [&] {
    if (!refused)
      reading.error(section.at(), section.what() + " is missing its key", std::string(key_meaning(join.verb)));
  };
  switch (join.verb) {
    case JoinVerb::belongs_to:
      refuse("foreign_key");
      refuse("through");
      if (const Node* node = section.optional("column")) {
        join.key = read_key(reading, *node, "`column`");
      } else if (join.primary_key.size() > 1) {
        reading.error(section.at(), section.what() + " refers to a composite key and names no columns",
                      fmt::format("`column`: a list of {} columns", join.primary_key.size()));
      } else {
        join.key = {folded(document_key)};
      }
      return;
    case JoinVerb::has_one:
    case JoinVerb::has_many:
      refuse("column");
      refuse("through");
      if (const Node* node = section.optional("foreign_key"))
        join.key = read_key(reading, *node, "`foreign_key`");
      else
        missing();
      return;
    case JoinVerb::many_to_many:
      refuse("column");
      refuse("foreign_key");
      if (const Node* node = section.optional("through"))
        join.through = read_through(schema, *node);
      else
        missing();
      return;
  }
}

std::optional<std::vector<OrderBy>> read_order_by(Reading& reading, const Node& node) {
  const auto* list = node.list();
  if (list == nullptr) {
    reading.error(node.at, fmt::format("`order_by` is {}", kind_of(node)), "a list of `column` and `direction`");
    return std::nullopt;
  }
  std::vector<OrderBy> out;
  for (const Node& item : *list) {
    Section section(reading, item, "an entry of `order_by`");
    if (!section.usable()) continue;
    OrderBy order;
    bool complete = false;
    if (const Node* column = section.required("column", "the name of a column"))
      if (auto name = read_identifier(reading, *column, "`column`")) {
        order.column = std::move(*name);
        complete = true;
      }
    if (const Node* direction = section.optional("direction"))
      if (const auto descending =
              read_choice<bool>(reading, *direction, "`direction`", {{"asc", false}, {"desc", true}})) {
        order.descending = *descending;
        order.direction_given = true;
      }
    section.finish();
    if (complete) out.push_back(std::move(order));
  }
  return out;
}

void read_to_many_limits(Reading& reading, Section& section, JoinField& join) {
  if (is_to_one(join.verb)) {
    section.refuse("limit", section.what() + " does not take `limit`: it picks a single row");
  } else {
    section.refuse("required", section.what() + " does not take `required`: it is an array and never null");
    if (const Node* node = section.optional("limit"))
      join.limit = read_unsigned(reading, *node, "`limit`", 1, UINT64_MAX);
  }
  if (join.verb == JoinVerb::belongs_to)
    section.refuse("order_by", section.what() + " does not take `order_by`: its target is a single row");
  else if (const Node* node = section.optional("order_by"))
    join.order_by = read_order_by(reading, *node);
}

}  // namespace

std::optional<Through> read_through(SchemaReading& schema, const Node& node) {
  Reading& reading = schema.reading;
  Section section(reading, node, "`through`");
  if (!section.usable()) return std::nullopt;
  Through through;
  through.table = read_table(reading, section, schema.schema);
  const auto key = [&](std::string_view name, std::string_view expected) -> KeyColumns {
    const Node* value = section.required(name, expected);
    if (value == nullptr) return {};
    return read_key(reading, *value, fmt::format("`{}`", name));
  };
  through.left_key = key("left_key", "the junction's column that points at the parent");
  through.right_key = key("right_key", "the junction's column that points at the related table");
  section.finish();
  return through;
}

std::optional<Field> read_join(SchemaReading& schema, Section& section, std::string_view tag, const std::string& key) {
  Reading& reading = schema.reading;
  JoinField join;
  join.verb = verb_of(tag);
  join.table = read_table(reading, section, schema.schema);
  if (const Node* node = section.required("primary_key", "the primary key of the related table"))
    join.primary_key = read_key(reading, *node, "`primary_key`");
  read_join_key(schema, section, key, join);
  if (is_to_one(join.verb)) join.required = read_required(reading, section);
  if (const Node* node = section.optional("filters")) join.filters = read_filters(reading, *node, "`filters`");
  read_to_many_limits(reading, section, join);
  Field field;
  read_options(reading, section, field);
  if (const Node* node = section.required("fields", "a list of fields")) join.fields = read_fields(schema, *node);
  field.source = std::move(join);
  return field;
}

}  // namespace flusso::config
