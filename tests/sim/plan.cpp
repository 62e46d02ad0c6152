// The simulator's schema: what make_plan compiles, and tuples as replication would send them.
#include <algorithm>

#include "model/check.h"
#include "tests/sim/source.h"

namespace flusso::sim {
namespace {

ColumnInfo column(const std::string& name, const std::string& base) {
  ColumnInfo info;
  info.name = name;
  info.type = base == "int4" ? "integer" : "text";
  info.base_type = base;
  info.type_oid = info.base_oid = base == "int4" ? 23 : 25;
  return info;
}

TableInfo table(const std::string& name, const std::string& foreign_key) {
  TableInfo info;
  info.table = TableRef{"public", name};
  info.columns.push_back(column("id", "int4"));
  if (!foreign_key.empty()) info.columns.push_back(column(foreign_key, "int4"));
  info.columns.push_back(column("val", "text"));
  info.primary_key = {"id"};
  info.identity_columns = {"id"};
  if (!foreign_key.empty()) {
    info.identity = ReplicaIdentity::index;
    info.identity_columns.push_back(foreign_key);
  }
  return info;
}

Field value_field() {
  Field field;
  field.name = "val";
  field.source = ColumnField{"val", FieldKind::keyword, {}, {}, false, {}, {}, {}};
  return field;
}

Field join_field(const std::string& name, JoinVerb verb, const std::string& target, const std::string& key,
                 std::vector<Field> fields) {
  JoinField join;
  join.verb = verb;
  join.table = TableRef{"public", target};
  join.primary_key = {"id"};
  join.key = {key};
  join.fields = std::move(fields);
  Field field;
  field.name = name;
  field.source = std::move(join);
  return field;
}

IndexPlan index_plan(std::size_t index) {
  IndexPlan plan;
  plan.on_error = FailurePolicy::skip;
  plan.schema.primary_key = {"id"};
  plan.schema.fields.push_back(value_field());
  if (index == 0) {
    plan.name = "families";
    plan.schema.table = TableRef{"public", "parents"};
    Field inner = join_field("items", JoinVerb::has_many, "items", "child_id", {value_field()});
    plan.schema.fields.push_back(
        join_field("children", JoinVerb::has_many, "children", "parent_id", {value_field(), std::move(inner)}));
  } else {
    plan.name = "kids";
    plan.schema.table = TableRef{"public", "children"};
    plan.schema.fields.push_back(join_field("parent", JoinVerb::belongs_to, "parents", "parent_id", {value_field()}));
  }
  return plan;
}

}  // namespace

std::string_view table_name(Table which) {
  return which == parents ? "parents" : which == children ? "children" : "items";
}

std::string describe(const std::vector<RowChange>& rows) {
  std::string text;
  const auto row = [](const Row& r) {
    return std::to_string(r.id) + " (ref " + std::to_string(r.ref) + ", " + r.text + ")";
  };
  for (const RowChange& change : rows) {
    text += std::string(table_name(change.table)) + " ";
    if (change.op != ChangeOp::insert) text += row(change.before);
    text += " -> ";
    if (change.op != ChangeOp::remove) text += row(change.after);
    text += "; ";
  }
  return text;
}

Plan make_plan(const std::vector<std::size_t>& indexes) {
  std::vector<IndexPlan> plans;
  for (const std::size_t index : indexes) plans.push_back(index_plan(index));
  auto plan = compile_plan(std::move(plans),
                           {table("parents", ""), table("children", "parent_id"), table("items", "child_id")});
  FLUSSO_CHECK(plan.has_value(), "the simulator's plan must compile");
  return std::move(*plan);
}

std::vector<std::optional<std::string>> fields_of(const TablePlan& table, const Row& row, bool identity_only) {
  std::vector<std::optional<std::string>> fields;
  for (const std::string& name : table.columns) {
    const auto& identity = table.info.identity_columns;
    if (identity_only && std::find(identity.begin(), identity.end(), name) == identity.end())
      fields.emplace_back();
    else if (name == "val")
      fields.emplace_back(row.text);
    else
      fields.emplace_back(std::to_string(name == "id" ? row.id : row.ref));
  }
  return fields;
}

}  // namespace flusso::sim
