#include "model/check/prune.h"

#include <algorithm>
#include <set>

namespace flusso {
namespace {

bool usable(const DatabaseFacts& facts, const TableRef& table) {
  const TableFacts* found = facts.find(table);
  return found != nullptr && found->usable();
}

class Pruner {
 public:
  Pruner(const DatabaseFacts& facts, std::set<std::string> bad) : facts_(facts), bad_(std::move(bad)) {}

  std::vector<Field> fields(const std::vector<Field>& all, const std::string& prefix) const {
    std::vector<Field> kept;
    for (Field field : all) {
      const std::string path = prefix.empty() ? field.name : prefix + "." + field.name;
      if (bad_.contains(path) || !readable(field)) continue;
      if (auto* object = std::get_if<ObjectField>(&field.source)) object->fields = fields(object->fields, path);
      if (auto* join = std::get_if<JoinField>(&field.source)) join->fields = fields(join->fields, path);
      kept.push_back(std::move(field));
    }
    if (kept.empty()) kept.push_back(placeholder());
    return kept;
  }

 private:
  bool readable(const Field& field) const {
    if (const auto* join = std::get_if<JoinField>(&field.source))
      return usable(facts_, join->table) && (!join->through || usable(facts_, join->through->table));
    if (const auto* aggregate = std::get_if<AggregateField>(&field.source))
      return usable(facts_, aggregate->table) && (!aggregate->through || usable(facts_, aggregate->through->table));
    return true;
  }

  const DatabaseFacts& facts_;
  std::set<std::string> bad_;
};

}  // namespace

Field placeholder() {
  Field field;
  field.name = "_";
  field.source = ConstantField{};
  return field;
}

std::optional<IndexSchema> without_errors(const std::string& index, const IndexSchema& schema,
                                          const DatabaseFacts& facts, const CheckFindings& findings) {
  if (!usable(facts, schema.table) || schema.primary_key.empty()) return std::nullopt;
  IndexSchema kept = schema;
  std::set<std::string> bad;
  for (const CheckFinding& finding : findings) {
    if (finding.severity != FindingSeverity::error || finding.index != index) continue;
    switch (finding.part) {
      case FindingPart::deployment:
        break;
      case FindingPart::index:
        return std::nullopt;
      case FindingPart::filters:
        kept.filters.reset();
        break;
      case FindingPart::soft_delete:
        kept.soft_delete.reset();
        break;
      case FindingPart::field:
        if (!finding.field.empty()) bad.insert(finding.field);
    }
  }
  kept.fields = Pruner(facts, std::move(bad)).fields(schema.fields, "");
  return kept;
}

}  // namespace flusso
