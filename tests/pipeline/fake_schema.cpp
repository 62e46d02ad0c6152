#include "tests/pipeline/fake_schema.h"

#include <algorithm>

namespace flusso::fakes {
namespace {

std::string foreign_key(Table table) { return table == children ? "parent_id" : table == items ? "child_id" : ""; }
std::string name_of(Table table) { return table == parents ? "parents" : table == children ? "children" : "items"; }

ColumnInfo column(const std::string& name, const std::string& base) {
  ColumnInfo info;
  info.name = name;
  info.type = base == "int4" ? "integer" : "text";
  info.base_type = base;
  info.type_oid = info.base_oid = base == "int4" ? 23 : 25;
  return info;
}

TableInfo table_info(Table table, OldRows old_rows) {
  TableInfo info;
  info.table = TableRef{"public", name_of(table)};
  info.columns = {column("id", "int4"), column("text", "text")};
  info.primary_key = {"id"};
  info.identity_columns = {"id"};
  if (const std::string key = foreign_key(table); !key.empty()) {
    info.columns.push_back(column(key, "int4"));
    if (old_rows == OldRows::silent) return info;
    info.identity = ReplicaIdentity::index;
    info.identity_columns.push_back(key);
  }
  return info;
}

Field text_field() {
  Field field;
  field.name = "text";
  field.source = ColumnField{"text", FieldKind::keyword, {}, {}, false, {}, {}, {}};
  return field;
}

Field join_field(const std::string& name, JoinVerb verb, Table target, const std::string& key,
                 std::vector<Field> fields) {
  JoinField join;
  join.verb = verb;
  join.table = TableRef{"public", name_of(target)};
  join.primary_key = {"id"};
  join.key = {key};
  join.fields = std::move(fields);
  Field field;
  field.name = name;
  field.source = std::move(join);
  return field;
}

}  // namespace

std::string_view index_name(Document which) { return which == families ? "families" : "kids"; }
Document document_of(const IndexPlan& index) { return index.name == "families" ? families : kids; }
Table table_of(const TableRef& table) {
  return table.name == "parents" ? parents : table.name == "children" ? children : items;
}

std::vector<IndexPlan> index_plans(const std::vector<Document>& which, FailurePolicy on_error) {
  std::vector<IndexPlan> plans;
  for (const Document document : which) {
    IndexPlan plan;
    plan.name = index_name(document);
    plan.on_error = on_error;
    plan.schema.primary_key = {"id"};
    plan.schema.table = TableRef{"public", name_of(document == families ? parents : children)};
    plan.schema.fields.push_back(text_field());
    if (document == families) {
      Field inner = join_field("items", JoinVerb::has_many, items, "child_id", {text_field()});
      plan.schema.fields.push_back(
          join_field("children", JoinVerb::has_many, children, "parent_id", {text_field(), std::move(inner)}));
    } else {
      plan.schema.fields.push_back(join_field("parent", JoinVerb::belongs_to, parents, "parent_id", {text_field()}));
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

std::vector<TableInfo> table_infos(OldRows old_rows) {
  return {table_info(parents, old_rows), table_info(children, old_rows), table_info(items, old_rows)};
}

std::vector<std::optional<std::string>> fields_of(const TablePlan& table, const Row& row, Tuple tuple) {
  std::vector<std::optional<std::string>> fields;
  for (const std::string& name : table.columns) {
    const auto& identity = table.info.identity_columns;
    if (tuple == Tuple::identity_only && std::find(identity.begin(), identity.end(), name) == identity.end())
      fields.emplace_back();
    else if (name == "text")
      fields.emplace_back(row.text);
    else
      fields.emplace_back(std::to_string(name == "id" ? row.id : row.ref));
  }
  return fields;
}

}  // namespace flusso::fakes
