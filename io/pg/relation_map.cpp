#include "io/pg/relation_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace flusso::pg {
namespace {

Error missing_columns(const TablePlan& table, const std::vector<std::string>& missing) {
  std::string names;
  bool generated = false;
  for (const std::string& name : missing) {
    names += (names.empty() ? "" : ", ") + name;
    const ColumnInfo* column = table.info.column(name);
    generated = generated || (column != nullptr && column->generated);
  }
  return Error{
      ErrorKind::permanent, "pg.column_missing",
      fmt::format("changes of table {} come without column {}, which an index needs to find its documents; {}",
                  to_text(table.info.table), names,
                  generated ? "generated columns are not replicated: use a plain column as key"
                            : "the column was dropped or renamed, or the publication's column list leaves it out")};
}

}  // namespace

Status RelationMap::learn(const PgOutputMessage& relation) {
  std::optional<MappedRelation>& slot = relations_[relation.relation];
  slot.reset();
  const auto table = std::find_if(plan_.tables.begin(), plan_.tables.end(), [&](const TablePlan& plan) {
    return plan.info.table.name == relation.name && plan.info.table.schema == relation.schema;
  });
  if (table == plan_.tables.end()) return {};

  MappedRelation mapped;
  mapped.table = TableId{static_cast<std::uint16_t>(table - plan_.tables.begin())};
  mapped.columns = relation.columns.size();
  std::vector<std::string> missing;
  for (const std::string& name : table->columns) {
    const auto column = std::find_if(relation.columns.begin(), relation.columns.end(),
                                     [&](const RelationColumn& candidate) { return candidate.name == name; });
    if (column == relation.columns.end()) {
      missing.push_back(name);
      continue;
    }
    mapped.positions.push_back(static_cast<std::uint16_t>(column - relation.columns.begin()));
    mapped.in_identity.push_back(column->key);
  }
  if (!missing.empty()) return fail(missing_columns(*table, missing));
  slot = std::move(mapped);
  return {};
}

const MappedRelation* RelationMap::find(std::uint32_t oid) const {
  const auto found = relations_.find(oid);
  return found == relations_.end() || !found->second ? nullptr : &*found->second;
}

Status RelationMap::project(const MappedRelation& relation, const Tuple& row, bool identity_only,
                            std::vector<FieldText>& out) {
  if (row.size() != relation.columns)
    return fail(ErrorKind::permanent, "pg.protocol", "a replicated row has another width than its relation");
  out.resize(relation.positions.size());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = identity_only && !relation.in_identity[i] ? FieldText{} : row[relation.positions[i]];
  return {};
}

}  // namespace flusso::pg
