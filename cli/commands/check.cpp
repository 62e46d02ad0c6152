#include "cli/commands/check.h"

#include <unistd.h>

#include <cstdlib>
#include <set>
#include <utility>

#include "cli/backends.h"
#include "cli/print.h"
#include "io/config/check_report.h"
#include "io/config/loader.h"
#include "model/plan.h"

namespace flusso::cli {
namespace {

// What the catalog can say against the plan: missing tables and key columns.
Status compare_with_database(const Config& config) {
  FLUSSO_TRY_ASSIGN(const pg::PgSourceOptions source, source_options(config, BackendOptions{}));
  std::set<TableRef> tables;
  std::vector<IndexPlan> indexes;
  for (const IndexConfig& index : config.indexes) {
    if (!index.enabled) continue;
    IndexPlan plan;
    plan.name = index.name;
    plan.schema = index.schema;
    for (const TableRef& table : tables_of(index.schema)) tables.insert(table);
    indexes.push_back(std::move(plan));
  }
  FLUSSO_TRY_ASSIGN(const auto infos, pg::make_source_admin(source)->describe({tables.begin(), tables.end()}));
  FLUSSO_TRY_ASSIGN(const Plan plan, compile_plan(std::move(indexes), infos));
  print_line("\nDatabase");
  print_line("  " + std::to_string(plan.tables.size()) + " table(s) and their key columns found");
  return {};
}

Status check(const CheckOptions& options) {
  const config::Loaded loaded = config::load(options.config);
  if (!loaded.config) {
    FLUSSO_TRY_ASSIGN(const Config config, config::load_config(options.config));  // renders the list
    return {};
  }
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  if (options.offline) {
    print_text(config::render_check(*loaded.config, options.config, colour, loaded.diagnostics.sorted()));
    return {};
  }
  print_text(config::render_overview(*loaded.config, options.config, colour, loaded.diagnostics.sorted()));
  FLUSSO_TRY(compare_with_database(*loaded.config));
  print_line("\n✓ check passed");
  return {};
}

}  // namespace

int check_command(const CheckOptions& options) { return exit_code(check(options)); }

}  // namespace flusso::cli
