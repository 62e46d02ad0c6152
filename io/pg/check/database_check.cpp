#include "io/pg/check/database_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "io/pg/catalog.h"
#include "io/pg/check/coverage.h"
#include "io/pg/check/facts.h"
#include "io/pg/check/probes.h"
#include "io/pg/check/read_only.h"
#include "io/pg/check/samples.h"
#include "io/pg/check/statements.h"
#include "io/pg/preflight.h"
#include "io/pg/publication.h"
#include "io/pg/read_session.h"
#include "model/check/prune.h"
#include "model/check/readers.h"
#include "model/check/rules.h"

namespace flusso::pg {
namespace {

std::vector<TableRef> all_tables_of(const std::vector<IndexPlan>& indexes) {
  std::set<TableRef> tables;
  for (const IndexPlan& index : indexes)
    for (const TableRef& table : tables_of(index.schema)) tables.insert(table);
  return {tables.begin(), tables.end()};
}

std::vector<TableInfo> infos_of(const DatabaseFacts& facts) {
  std::vector<TableInfo> infos;
  for (const TableFacts& table : facts.tables)
    if (table.usable()) infos.push_back(table.info);
  return infos;
}

// What is left of the indexes without their errors, compiled. A rule that missed something shows here.
Plan compile_rest(const std::vector<IndexPlan>& indexes, const DatabaseFacts& facts, CheckFindings& findings) {
  const std::vector<TableInfo> infos = infos_of(facts);
  std::vector<IndexPlan> rest;
  for (const IndexPlan& index : indexes) {
    auto kept = without_errors(index.name, index.schema, facts, findings);
    if (!kept) continue;
    IndexPlan one = index;
    one.schema = std::move(*kept);
    if (auto compiled = compile_plan({one}, infos); compiled)
      rest.push_back(std::move(one));
    else
      findings.push_back(
          {FindingSeverity::error, index.name, {}, compiled.error().what, index.schema.at, FindingPart::field});
  }
  auto plan = compile_plan(std::move(rest), infos);
  return plan ? std::move(*plan) : Plan{};
}

// The compiled plan and, for the publication, every other table that exists.
Plan with_every_table(Plan plan, const DatabaseFacts& facts) {
  for (const TableFacts& table : facts.tables)
    if (table.unsupported.empty() && plan.find(table.info.table) == nullptr)
      plan.tables.push_back(TablePlan{table.info, {}, {}, {}, {}});
  return plan;
}

void add_deployment_errors(std::vector<Error> errors, FindingSeverity severity, CheckFindings& findings) {
  for (Error& error : errors)
    findings.push_back({severity, {}, {}, std::move(error.what), {}, FindingPart::deployment});
}

void add_identities(const Plan& plan, const std::vector<IndexPlan>& indexes, CheckFindings& findings) {
  const IdentityFindings identities = check_identities(plan);
  const auto add = [&](FindingSeverity severity, const TableRef& table, const std::string& what) {
    const std::vector<TableReader> readers = readers_of(table, indexes);
    CheckFinding finding{severity, {}, {}, what, {}, FindingPart::field};
    if (!readers.empty()) {
      const auto root =
          std::find_if(readers.begin(), readers.end(), [](const TableReader& reader) { return reader.field.empty(); });
      const TableReader& first = root == readers.end() ? readers.front() : *root;
      finding.index = first.index;
      finding.field = first.field;
      finding.at = first.at;
      if (readers.size() > 1) finding.message += " (read by " + names_of(readers) + ")";
    }
    findings.push_back(std::move(finding));
  };
  for (std::size_t i = 0; i < identities.errors.size(); ++i)
    add(FindingSeverity::error, identities.error_tables[i], identities.errors[i].what);
  for (std::size_t i = 0; i < identities.warnings.size(); ++i)
    add(FindingSeverity::warning, identities.warning_tables[i], identities.warnings[i]);
}

// A gap that `run` cannot close by itself is worth a warning; one that it will close is only shown.
void warn_of_gap(const Coverage& coverage, CheckFindings& findings) {
  if (coverage.remediation.empty() || (coverage.will_manage && coverage.role_may_add)) return;
  std::string tables;
  for (const TableRef& table : coverage.missing) tables += (tables.empty() ? "" : ", ") + to_text(table);
  std::string sql;
  for (const std::string& statement : coverage.remediation) sql += (sql.empty() ? "" : " ") + statement;
  findings.push_back(
      {FindingSeverity::warning,
       {},
       {},
       fmt::format("publication \"{}\" does not stream {}, and {}: `run` will not start; run as a privileged role: "
                   "{}",
                   coverage.publication, tables,
                   coverage.will_manage ? "this role may not change that" : "manage_publication is off", sql),
       {},
       FindingPart::deployment});
}

Result<bool> has_own_slot(ReadOnlySession& session) {
  FLUSSO_TRY_ASSIGN(const Rows rows,
                    session.ask("SELECT EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE plugin = 'pgoutput' "
                                "AND database = pg_catalog.current_database())"));
  return rows.boolean(0, 0);
}

}  // namespace

Result<DatabaseCheck> check_database(const PgSourceOptions& options, std::vector<IndexPlan> indexes) {
  DatabaseCheck check;
  CheckFindings& findings = check.findings;
  FLUSSO_TRY_ASSIGN(ReadOnlySession session, ReadOnlySession::open(options));
  const std::vector<TableRef> tables = all_tables_of(indexes);
  auto read = read_facts(session, tables);
  if (!read) return fail(in_context("the catalog could not be read", std::move(read).error()));
  DatabaseFacts facts = std::move(*read);
  FLUSSO_TRY_ASSIGN(const bool via_root, publishes_via_root(session.conn(), options.publication));
  if (via_root)
    for (TableFacts& table : facts.tables) trust_root_identity(table.info);

  FLUSSO_TRY_ASSIGN(const bool own_slot, has_own_slot(session));
  FLUSSO_TRY_ASSIGN(auto server, check_server(session.conn(), own_slot));
  add_deployment_errors(std::move(server), FindingSeverity::error, findings);

  Plan named;
  named.indexes = indexes;
  FLUSSO_TRY(session.plan_like_run(search_path_of(named)));
  for (const IndexPlan& index : indexes) {
    check_schema(index.name, index.schema, facts, findings);
    check_filter_values(session, index.name, index.schema, facts, findings);
    check_json_samples(session, index.name, index.schema, facts, findings);
  }
  const Plan plan = compile_rest(indexes, facts, findings);
  add_identities(plan, indexes, findings);
  check_statements(session, plan, facts, findings);

  const Plan published = with_every_table(plan, facts);
  FLUSSO_TRY_ASSIGN(auto publication, inspect_publication(session.conn(), options.publication, published));
  for (std::string& warning : publication.warnings)
    findings.push_back({FindingSeverity::warning, {}, {}, std::move(warning), {}, FindingPart::deployment});
  add_deployment_errors(std::move(publication.findings),
                        options.allow_partial_publication ? FindingSeverity::warning : FindingSeverity::error,
                        findings);
  FLUSSO_TRY_ASSIGN(check.coverage, read_coverage(session, options, tables, facts, publication));
  warn_of_gap(check.coverage, findings);
  sort_findings(findings);
  return check;
}

}  // namespace flusso::pg
