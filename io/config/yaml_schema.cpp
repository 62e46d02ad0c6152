#include "io/config/yaml_schema.h"

#include <fmt/format.h>

#include "io/config/fields.h"
#include "io/config/filters.h"
#include "io/config/identifiers.h"
#include "io/config/section.h"
#include "io/config/values.h"
#include "io/config/yaml_tree.h"

namespace flusso::config {

namespace {

void read_version(Reading& reading, Section& section) {
  const Node* node = section.required("version", "`version: 1`");
  if (node == nullptr) return;
  const auto* number = std::get_if<std::int64_t>(&node->data);
  if (const auto* digits = std::get_if<Digits>(&node->data))
    reading.error(node->at, fmt::format("the schema version {} is not supported", digits->text), "`1`");
  else if (number == nullptr)
    reading.error(node->at, fmt::format("`version` is {}", kind_of(*node)), "`1`");
  else if (*number != 1)
    reading.error(node->at, fmt::format("the schema version {} is not supported", *number), "`1`");
}

std::optional<SoftDelete> read_soft_delete(Reading& reading, const Node& node) {
  Section section(reading, node, "`soft_delete`");
  if (!section.usable()) return std::nullopt;
  SoftDelete rule;
  rule.at = reading.at(section.at());
  const Node* column = section.optional("column");
  const Node* field = section.optional("field");
  if ((column == nullptr) == (field == nullptr))
    reading.error(section.at(),
                  column == nullptr ? "`soft_delete` names neither a column nor a field"
                                    : "`soft_delete` has both `column` and `field`",
                  "exactly one of `column` and `field`");
  if (column != nullptr) {
    rule.name = read_identifier(reading, *column, "`column`").value_or("");
    rule.column = rule.name;
    rule.at = reading.at(column->at);
  } else if (field != nullptr) {
    rule.by_field = true;
    rule.name = read_field_name(reading, *field, "`field`").value_or("");
    rule.at = reading.at(field->at);
  }
  if (const Node* when = section.optional("when")) rule.when = read_filters(reading, *when, "`when`");
  section.finish();
  if (rule.name.empty()) return std::nullopt;
  return rule;
}

}  // namespace

std::optional<IndexSchema> read_schema(std::string_view text, Reading& reading) {
  const auto root = parse_yaml(text, reading);
  if (!root) return std::nullopt;
  return read_schema(*root, reading);
}

std::optional<IndexSchema> read_schema(const Node& root, Reading& reading) {
  if (root.is_null()) {
    reading.error(root.at, "the schema is empty", "`version`, `table` and `fields`");
    return std::nullopt;
  }
  Section section(reading, root, "the schema");
  if (!section.usable()) return std::nullopt;
  IndexSchema schema;
  schema.at = reading.at(section.at());
  read_version(reading, section);
  schema.table = read_table(reading, section, "public");
  if (const Node* node = section.optional("primary_key"))
    schema.primary_key = read_key(reading, *node, "`primary_key`");
  section.refuse("doc_id", "`doc_id` is not supported: the document's `_id` comes from `primary_key`");
  if (const Node* node = section.optional("soft_delete")) schema.soft_delete = read_soft_delete(reading, *node);
  if (const Node* node = section.optional("filters")) schema.filters = read_filters(reading, *node, "`filters`");
  SchemaReading shared{reading, schema.table.schema};
  if (const Node* node = section.required("fields", "a list of fields")) schema.fields = read_fields(shared, *node);
  section.finish();
  return schema;
}

}  // namespace flusso::config
