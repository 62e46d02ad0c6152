#include "io/pg/relation_map.h"

#include <algorithm>

#include "model/key_columns.h"

namespace flusso::pg {
namespace {

const RelationColumn* column_of(const PgOutputMessage& relation, const std::string& name) {
  const auto found = std::find_if(relation.columns.begin(), relation.columns.end(),
                                  [&](const RelationColumn& column) { return column.name == name; });
  return found == relation.columns.end() ? nullptr : &*found;
}

// The one type whose output differs from the text that names documents (io/pg/key_sql.h).
std::string_view boolean_text(std::string_view output) { return output == "t" ? "true" : "false"; }

}  // namespace

MappedRelation RelationMap::map(const PgOutputMessage& relation, TableId id, std::vector<TableGap>& gaps) const {
  const TablePlan& table = plan_.tables[id.value];
  MappedRelation mapped;
  mapped.table = id;
  mapped.columns = relation.columns.size();
  mapped.root_for_leaves = table.info.kind == 'p' && relation.relation == table.info.oid;
  bool changed = false;
  bool narrowed = false;
  for (const std::string& name : table.columns) {
    const RelationColumn* column = column_of(relation, name);
    const ColumnInfo* planned = table.info.column(name);
    const bool promised = contains(table.info.identity_columns, name);
    mapped.positions.push_back(column == nullptr ? -1 : static_cast<std::int32_t>(column - relation.columns.data()));
    mapped.boolean.push_back(planned != nullptr && planned->base_type == "bool");
    mapped.in_identity.push_back(column != nullptr && column->key && (!mapped.root_for_leaves || promised));
    changed = changed || column == nullptr || (planned != nullptr && planned->type_oid != column->type);
    narrowed = narrowed || (promised && !mapped.in_identity.back());
  }
  if (changed) gaps.push_back({id, GapReason::definition_changed, {}});
  if (narrowed) gaps.push_back({id, GapReason::identity_narrowed, {}});
  return mapped;
}

std::vector<TableGap> RelationMap::learn(const PgOutputMessage& relation, const std::vector<TableId>& tables) {
  std::vector<TableGap> gaps;
  std::vector<MappedRelation>& mapped = relations_[relation.relation];
  mapped.clear();
  for (const TableId table : tables) mapped.push_back(map(relation, table, gaps));
  return gaps;
}

const std::vector<MappedRelation>& RelationMap::find(std::uint32_t oid) const {
  static const std::vector<MappedRelation> kNone;
  const auto found = relations_.find(oid);
  return found == relations_.end() ? kNone : found->second;
}

Status RelationMap::project(const MappedRelation& relation, const Tuple& row, bool identity_only,
                            std::vector<FieldText>& out) {
  if (row.size() != relation.columns)
    return fail(ErrorKind::permanent, "pg.protocol", "a replicated row has another width than its relation");
  out.resize(relation.positions.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = relation.positions[i] < 0 || (identity_only && !relation.in_identity[i])
                 ? FieldText{}
                 : row[static_cast<std::size_t>(relation.positions[i])];
    if (relation.boolean[i] && out[i].state == FieldText::State::text) out[i].text = boolean_text(out[i].text);
  }
  return {};
}

}  // namespace flusso::pg
