#include "model/check/rules.h"

#include <set>

#include "model/check/access.h"
#include "model/check/aggregates.h"
#include "model/check/columns.h"
#include "model/check/conditions.h"
#include "model/check/keys.h"
#include "model/check/nullability.h"
#include "model/check/soft_delete.h"

namespace flusso {
namespace {

class Walk {
 public:
  void root(const Site& site, const IndexSchema& schema) {
    const TableFacts* table = named(site, schema.table, "`table`");
    if (table != nullptr) {
      check_root_key(site, schema.primary_key, *table);
      check_filters(site.at_part(FindingPart::filters, schema.at), schema.filters, *table);
      if (schema.soft_delete)
        check_soft_delete(site.at_part(FindingPart::soft_delete, schema.soft_delete->at), *schema.soft_delete, *table);
    }
    fields(site, schema.fields, KeyedTable{table, &schema.primary_key});
  }

 private:
  // The table, after what the role may not see of it was told where it is named first.
  const TableFacts* named(const Site& site, const TableRef& table, std::string_view role) {
    const TableFacts* found = find_table(site, table, role);
    if (found != nullptr && told_.insert(table).second) check_access(site, *found);
    return found;
  }

  void fields(const Site& parent, const std::vector<Field>& fields, const KeyedTable& row) {
    for (const Field& field : fields) one(parent.child(field.name, field.at), field, row);
  }

  // Without the row's own table its columns cannot be judged; what hangs below still can.
  void one(const Site& site, const Field& field, const KeyedTable& row) {
    if (row.table != nullptr) own_columns(site, field, *row.table, *row.key);
    if (const auto* object = std::get_if<ObjectField>(&field.source)) fields(site, object->fields, row);
    if (const auto* join = std::get_if<JoinField>(&field.source)) related(site, *join, row);
    if (const auto* aggregate = std::get_if<AggregateField>(&field.source)) rollup(site, *aggregate, row);
  }

  static void own_columns(const Site& site, const Field& field, const TableFacts& table, const KeyColumns& key) {
    if (const auto* column = std::get_if<ColumnField>(&field.source)) check_column(site, *column, table, key);
    if (const auto* map = std::get_if<MapField>(&field.source)) check_map(site, *map, table, key);
    if (const auto* point = std::get_if<GeoField>(&field.source)) check_point(site, *point, table);
  }

  void related(const Site& site, const JoinField& join, const KeyedTable& row) {
    const TableFacts* table = named(site, join.table, "`table`");
    if (join.through) named_junction(site, *join.through);
    if (table != nullptr) {
      check_join_keys(site, join, row, *table);
      check_filters(site, join.filters, *table);
      check_order(site, join.order_by, *table);
    }
    if (row.table != nullptr) check_required_parent(site, join, *row.table);
    fields(site, join.fields, KeyedTable{table, &join.primary_key});
  }

  void rollup(const Site& site, const AggregateField& aggregate, const KeyedTable& row) {
    const TableFacts* table = named(site, aggregate.table, "`table`");
    if (aggregate.through) named_junction(site, *aggregate.through);
    if (table == nullptr) return;
    check_aggregate_keys(site, aggregate, row, *table);
    check_aggregate(site, aggregate, *table);
    check_filters(site, aggregate.filters, *table);
  }

  // Existence is told by the rule of keys; here only what the role may see.
  void named_junction(const Site& site, const Through& through) {
    const TableFacts* found = site.facts->find(through.table);
    if (found != nullptr && told_.insert(through.table).second) check_access(site, *found);
  }

  std::set<TableRef> told_;
};

}  // namespace

void check_schema(const std::string& index, const IndexSchema& schema, const DatabaseFacts& facts,
                  CheckFindings& findings) {
  Walk().root(Site{index, {}, schema.at, FindingPart::index, &facts, &findings}, schema);
}

}  // namespace flusso
