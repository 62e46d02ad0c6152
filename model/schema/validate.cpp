#include "model/schema/validate.h"

#include <fmt/format.h>

#include <map>

#include "model/schema/names.h"
#include "model/schema/validate_fields.h"
#include "model/words.h"

namespace flusso {

namespace {

// Walks the document; `key` is the declared key of the row whose columns the fields read.
class Walk {
 public:
  explicit Walk(SchemaFindings& findings) : findings_(findings) {}

  void fields(const std::vector<Field>& fields, const KeyColumns& key, const Position& owner) {
    if (fields.empty()) findings_.push_back({owner, "there are no fields", "at least one field", {}, true});
    std::map<std::string, int> seen;
    for (const Field& field : fields) {
      const auto [first, fresh] = seen.try_emplace(field.name, field.at.line);
      if (!fresh)
        findings_.push_back(
            {field.at,
             fmt::format("the document key `{}` is already taken on line {}", field.name, first->second),
             "a key of its own for every field",
             {}});
      one(field, key);
    }
  }

 private:
  void one(const Field& field, const KeyColumns& key) {
    if (!parse_field_name(field.name))
      findings_.push_back({field.at, fmt::format("`{}` is no document key", field.name), {}, {}});
    check_options(field, findings_);
    if (const auto* column = std::get_if<ColumnField>(&field.source)) check_column_field(field, *column, findings_);
    if (const auto* constant = std::get_if<ConstantField>(&field.source)) check_constant(field, *constant, findings_);
    if (const auto* object = std::get_if<ObjectField>(&field.source)) fields(object->fields, key, field.at);
    if (const auto* aggregate = std::get_if<AggregateField>(&field.source)) {
      need_root_key(field, key);
      check_aggregate(field, *aggregate, key, findings_);
    }
    if (const auto* join = std::get_if<JoinField>(&field.source)) {
      need_root_key(field, key);
      check_join(field, *join, key, findings_);
      ++joins_;
      fields(join->fields, join->primary_key, field.at);
      --joins_;
    }
  }

  // A join without a key is told at the join itself; what hangs on it need not repeat that.
  void need_root_key(const Field& field, const KeyColumns& key) {
    if (joins_ == 0 && key.empty())
      findings_.push_back({field.at,
                           fmt::format("`{}` reads a related table, which needs the root's key", field.name),
                           "`primary_key` beside `table`",
                           {}});
  }

  SchemaFindings& findings_;
  int joins_ = 0;
};

// The field by its document key, searched through objects of the root row only.
const Field* find_root_field(const std::vector<Field>& fields, const std::string& name) {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
    if (const auto* object = std::get_if<ObjectField>(&field.source))
      if (const Field* inner = find_root_field(object->fields, name)) return inner;
  }
  return nullptr;
}

// The document keys that soft_delete could mean.
std::vector<std::string_view> root_columns(const std::vector<Field>& fields) {
  std::vector<std::string_view> names;
  for (const Field& field : fields) {
    if (std::holds_alternative<ColumnField>(field.source)) names.push_back(field.name);
    if (const auto* object = std::get_if<ObjectField>(&field.source))
      for (const std::string_view inner : root_columns(object->fields)) names.push_back(inner);
  }
  return names;
}

void settle_soft_delete(IndexSchema& schema, SchemaFindings& findings) {
  SoftDelete& rule = *schema.soft_delete;
  check_filters(rule.when, findings);
  if (!rule.by_field) {
    rule.column = rule.name;
    return;
  }
  const Field* field = find_root_field(schema.fields, rule.name);
  if (field == nullptr) {
    findings.push_back({rule.at,
                        fmt::format("`soft_delete` names the field `{}`, which the root does not have", rule.name),
                        "a field that reads a plain column of the root table",
                        did_you_mean(rule.name, root_columns(schema.fields)), true});
    return;
  }
  const auto* column = std::get_if<ColumnField>(&field->source);
  if (column == nullptr) {
    findings.push_back({rule.at,
                        fmt::format("`soft_delete` names the field `{}`, which is no plain column", rule.name),
                        "a field that reads a plain column of the root table",
                        {}});
    return;
  }
  rule.column = column->column;
}

}  // namespace

std::vector<SchemaFinding> validate_schema(IndexSchema& schema) {
  SchemaFindings findings;
  if (schema.version != 1)
    findings.push_back({schema.at, fmt::format("the schema version {} is not supported", schema.version), "1", {}});
  if (schema.table.name.empty()) findings.push_back({schema.at, "the schema names no table", "`table`", {}, true});
  if (schema.soft_delete) settle_soft_delete(schema, findings);
  check_filters(schema.filters, findings);
  Walk(findings).fields(schema.fields, schema.primary_key, schema.at);
  return findings;
}

}  // namespace flusso
