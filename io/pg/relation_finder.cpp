#include "io/pg/relation_finder.h"

#include <fmt/format.h>

#include <algorithm>

namespace flusso::pg {
namespace {

constexpr Millis kPatience{10000};

// The relation itself when it exists, and every table that it is a partition of.
constexpr const char* kAncestors =
    "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = $1::oid "
    "UNION SELECT a.relid::oid FROM pg_catalog.pg_partition_ancestors($1::oid::regclass) a";

void add(std::vector<TableId>& tables, TableId table) {
  if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(table);
}

}  // namespace

RelationFinder::RelationFinder(const PgSourceOptions& options, const Plan& plan) : options_(options), plan_(plan) {
  for (std::size_t i = 0; i < plan.tables.size(); ++i) {
    const TableInfo& info = plan.tables[i].info;
    const TableId table{static_cast<std::uint16_t>(i)};
    any_partitioned_ = any_partitioned_ || info.kind == 'p';
    add(planned_[info.oid], table);
    for (const TableInfo& leaf : info.leaves) add(planned_[leaf.oid], table);
  }
}

Result<RelationFinder::Found> RelationFinder::find(std::uint32_t oid, std::string_view schema, std::string_view name) {
  if (const auto known = planned_.find(oid); known != planned_.end()) return Found{known->second, {}};
  const bool bears_a_name = std::any_of(plan_.tables.begin(), plan_.tables.end(), [&](const TablePlan& table) {
    return table.info.table.schema == schema && table.info.table.name == name;
  });
  // Of the many tables of a publication for all of them, most need no question.
  if (!any_partitioned_ && !bears_a_name) return Found{};
  return ask(oid, schema, name);
}

Result<RelationFinder::Found> RelationFinder::ask(std::uint32_t oid, std::string_view schema, std::string_view name) {
  if (conn_ && !conn_->usable()) conn_.reset();
  if (!conn_) {
    ConnParams params;
    params.url = options_.url;
    params.application_name = fmt::format("flusso:{}:relations", options_.slot);
    params.statement_timeout = kPatience;
    FLUSSO_TRY_ASSIGN(conn_, Conn::connect(params, options_.stop));
  }
  FLUSSO_TRY_ASSIGN(const Rows rows, conn_->exec_params(kAncestors, {fmt::format("{}", oid)}));
  Found found;
  for (int row = 0; row < rows.size(); ++row) {
    const auto member = rows.oid(row, 0);
    if (const auto known = planned_.find(member); known != planned_.end())
      for (const TableId table : known->second) add(found.tables, table);
  }
  if (!found.tables.empty() || rows.empty()) return found;
  for (std::size_t i = 0; i < plan_.tables.size(); ++i) {
    const TableRef& planned = plan_.tables[i].info.table;
    if (planned.schema == schema && planned.name == name) add(found.replaced, TableId{static_cast<std::uint16_t>(i)});
  }
  return found;
}

}  // namespace flusso::pg
