#include "cli/index_plans.h"

#include <set>
#include <utility>

#include "cli/backends.h"
#include "model/mapping/content_hash.h"
#include "model/mapping/derive.h"

namespace flusso::cli {

IndexPlan index_plan(const Config& config, const IndexConfig& index) {
  IndexPlan plan;
  plan.name = index.name;
  plan.schema = index.schema;
  plan.mapping = derive_mapping(index.name, index.schema);
  plan.mapping.hash = content_hash(index.schema);
  plan.on_error = index.on_error.value_or(config.on_error);
  return plan;
}

std::vector<IndexPlan> enabled_index_plans(const Config& config) {
  std::vector<IndexPlan> plans;
  for (const IndexConfig& index : config.indexes)
    if (index.enabled) plans.push_back(index_plan(config, index));
  return plans;
}

Result<LivePlan> live_plan(const Config& config, std::vector<IndexPlan> indexes) {
  LivePlan live;
  FLUSSO_TRY_ASSIGN(live.source, source_options(config, BackendOptions{}));
  std::set<TableRef> tables;
  for (const IndexPlan& index : indexes)
    for (const TableRef& table : tables_of(index.schema)) tables.insert(table);
  FLUSSO_TRY_ASSIGN(const auto infos, pg::make_source_admin(live.source)->describe({tables.begin(), tables.end()}));
  FLUSSO_TRY_ASSIGN(live.plan, compile_plan(std::move(indexes), infos));
  return live;
}

}  // namespace flusso::cli
