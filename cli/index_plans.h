#pragma once
// From configuration to what a command plans with: the indexes with their mappings and hashes, and, for commands that
// look at the database without running, the plan compiled against its catalog.

#include <optional>
#include <string>
#include <vector>

#include "io/pg/pg_source.h"
#include "model/config/config.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::cli {

IndexPlan index_plan(const Config& config, const IndexConfig& index);
std::vector<IndexPlan> enabled_index_plans(const Config& config);

// The plan over the tables that exist now, and how to reach them. Contacts the database.
struct LivePlan {
  pg::PgSourceOptions source;
  Plan plan;
};
Result<LivePlan> live_plan(const Config& config, std::vector<IndexPlan> indexes);

}  // namespace flusso::cli
