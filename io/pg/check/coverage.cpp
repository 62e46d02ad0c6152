#include "io/pg/check/coverage.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

constexpr const char* kRole =
    "SELECT r.rolsuper, current_user, "
    "pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), pg_catalog.current_database(), "
    "(SELECT pg_catalog.pg_has_role(p.pubowner, 'USAGE') FROM pg_catalog.pg_publication p WHERE p.pubname = $1) "
    "FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";

constexpr const char* kOwned =
    "SELECT n.nspname, c.relname, pg_catalog.pg_has_role(c.relowner, 'USAGE') FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::oid[]) ORDER BY 1, 2";

Status add_blockers(ReadOnlySession& session, const std::string& publication, bool exists,
                    const std::vector<TableRef>& missing, const DatabaseFacts& facts, Coverage& coverage) {
  FLUSSO_TRY_ASSIGN(const Rows role, session.ask(kRole, {publication}));
  if (role.boolean(0, 0)) return {};  // a superuser may do anything
  const std::string name = role.string(0, 1);
  if (!exists && !role.boolean(0, 2))
    coverage.blockers.push_back(fmt::format("role \"{}\" lacks CREATE on database \"{}\"", name, role.text(0, 3)));
  if (exists && !role.boolean(0, 4))
    coverage.blockers.push_back(fmt::format("role \"{}\" does not own publication \"{}\"", name, publication));
  std::vector<std::string> oids;
  for (const TableRef& table : missing)
    if (const TableFacts* found = facts.find(table)) oids.push_back(std::to_string(found->info.oid));
  FLUSSO_TRY_ASSIGN(const Rows owned, session.ask(kOwned, {array_text(oids)}));
  for (int row = 0; row < owned.size(); ++row)
    if (!owned.boolean(row, 2))
      coverage.blockers.push_back(
          fmt::format("role \"{}\" does not own table {}.{}", name, owned.text(row, 0), owned.text(row, 1)));
  return {};
}

}  // namespace

Result<Coverage> read_coverage(ReadOnlySession& session, const PgSourceOptions& options,
                               const std::vector<TableRef>& tables, const DatabaseFacts& facts,
                               const PublicationState& state) {
  Coverage coverage;
  coverage.publication = options.publication;
  coverage.will_manage = options.manage_publication;
  const auto is_missing = [&](const TableRef& table) {
    return std::find(state.missing.begin(), state.missing.end(), table) != state.missing.end();
  };
  std::vector<TableRef> addable;
  for (const TableRef& table : tables) {
    const TableFacts* found = facts.find(table);
    const bool can_be_added = found != nullptr && found->unsupported.empty();
    if (can_be_added && !is_missing(table)) {
      coverage.present.push_back(table);
      continue;
    }
    coverage.missing.push_back(table);
    if (can_be_added)
      addable.push_back(table);
    else
      coverage.blockers.push_back(
          fmt::format("{} {}", to_text(table), found == nullptr ? "does not exist" : "is " + found->unsupported));
  }
  if (!addable.empty()) {
    coverage.remediation.push_back(covering_sql(options.publication, state.exists, addable));
    const std::size_t before = coverage.blockers.size();
    FLUSSO_TRY(add_blockers(session, options.publication, state.exists, addable, facts, coverage));
    coverage.role_may_add = coverage.blockers.size() == before;
  }
  return coverage;
}

}  // namespace flusso::pg
