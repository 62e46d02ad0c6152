#include "io/pg/preflight.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pg/catalog.h"
#include "io/pg/occupants.h"
#include "io/pg/quote.h"
#include "model/key_columns.h"

namespace flusso::pg {
namespace {

constexpr const char* kServer =
    "SELECT pg_catalog.current_setting('wal_level'), pg_catalog.pg_is_in_recovery(), "
    "r.rolsuper OR r.rolreplication OR EXISTS (SELECT FROM pg_catalog.pg_roles m WHERE m.rolname = 'rds_replication' "
    "AND pg_catalog.pg_has_role(m.oid, 'member')), r.rolname, "
    "pg_catalog.current_setting('max_replication_slots')::int, "
    "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots), "
    "pg_catalog.current_setting('max_wal_senders')::int "
    "FROM pg_catalog.pg_roles r WHERE r.rolname = session_user";

constexpr const char* kPrivileges =
    "SELECT n.nspname, c.relname, pg_catalog.has_schema_privilege(n.oid, 'USAGE'), "
    "pg_catalog.has_table_privilege(c.oid, 'SELECT'), pg_catalog.row_security_active(c.oid), current_user "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.oid = ANY ($1::oid[]) ORDER BY 1, 2";

Error wrong(std::string code, std::string what) {
  return Error{ErrorKind::permanent, std::move(code), std::move(what)};
}

std::string list(const KeyColumns& columns) {
  std::string out;
  for (const std::string& column : columns) out += (out.empty() ? "" : ", ") + column;
  return out;
}

std::string alter(const TableInfo& table, std::string_view what) {
  return fmt::format("ALTER TABLE {} REPLICA IDENTITY {};", quote_table(table.table), what);
}

// The cheapest statement after which old rows carry `wanted`.
std::string cure(const TableInfo& table, const KeyColumns& wanted) {
  if (!table.primary_key.empty() && covers(table.primary_key, wanted) && table.identity != ReplicaIdentity::standard)
    return alter(table, "DEFAULT");
  if (const UniqueIndex* index = fitting_index(table, wanted))
    return alter(table, "USING INDEX " + quote_identifier(index->name));
  KeyColumns columns = wanted;
  for (const std::string& column : table.primary_key)
    if (!contains(columns, column)) columns.push_back(column);
  const bool indexable =
      !table.primary_key.empty() && std::all_of(columns.begin(), columns.end(), [&](const std::string& name) {
        const ColumnInfo* column = table.column(name);
        return column != nullptr && column->not_null;
      });
  if (!indexable) return alter(table, "FULL");
  const std::string index = table.table.name.substr(0, 40) + "_flusso_identity";
  std::string quoted;
  for (const std::string& column : columns) quoted += (quoted.empty() ? "" : ", ") + quote_identifier(column);
  return fmt::format("CREATE UNIQUE INDEX CONCURRENTLY {0} ON {1} ({2}); {3}", quote_identifier(index),
                     quote_table(table.table), quoted, alter(table, "USING INDEX " + quote_identifier(index)));
}

// One statement for a table, or for each partition that needs one. Rows carry the identity of their leaf: what is set
// on the partitioned table counts only where it is published as one.
std::string cures(const TableInfo& table, const KeyColumns& wanted) {
  constexpr std::size_t kMost = 100;
  std::string statements;
  std::size_t named = 0;
  std::size_t more = 0;
  for (const TableInfo& leaf : table.leaves) {
    if (covers(leaf.identity_columns, wanted)) continue;
    if (named++ < kMost)
      statements += (statements.empty() ? "" : " ") + cure(leaf, wanted);
    else
      ++more;
  }
  if (more > 0) statements += fmt::format(" and the same for {} more partitions", more);
  return statements.empty() ? cure(table, wanted) : statements;
}

Error no_identity(const TableInfo& info) {
  const bool off = info.identity == ReplicaIdentity::nothing || info.identity == ReplicaIdentity::index;
  return wrong(
      "pg.no_identity",
      fmt::format("table {} has no usable replica identity ({}), so updates and deletes cannot be replicated; {}",
                  to_text(info.table), off ? "it is switched off or its index is gone" : "it has no usable primary key",
                  info.primary_key.empty() ? "add a primary key, or run " + alter(info, "FULL")
                                           : "run " + alter(info, off ? "DEFAULT" : "FULL")));
}

// The table, or each of its partitions, that has none.
std::vector<Error> without_identity(const TableInfo& info) {
  std::vector<Error> errors;
  for (const TableInfo& leaf : info.leaves)
    if (leaf.identity_columns.empty()) errors.push_back(no_identity(leaf));
  if (info.leaves.empty() && info.identity_columns.empty()) errors.push_back(no_identity(info));
  return errors;
}

}  // namespace

Error is_standby(const std::string& where) {
  return Error{
      ErrorKind::transient, "pg.in_recovery",
      fmt::format("{} is a standby; flusso works with the primary: correct the source's connection_url, or name "
                  "all servers in it and add target_session_attrs=read-write",
                  where)};
}

const UniqueIndex* fitting_index(const TableInfo& table, const KeyColumns& wanted) {
  const UniqueIndex* best = nullptr;
  for (const UniqueIndex& index : table.identity_candidates)
    if (covers(index.columns, wanted) && (best == nullptr || index.columns.size() < best->columns.size()))
      best = &index;
  return best;
}

KeyColumns with_all_lookups(const Plan& plan, const TablePlan& table, KeyColumns first) {
  const auto add = [&first](const std::string& name) {
    if (!contains(first, name)) first.push_back(name);
  };
  for (const Link& link : table.links)
    for (const std::uint16_t column : link.columns) add(table.columns[column]);
  for (const IndexPlan& index : plan.indexes)
    if (index.schema.table == table.info.table)
      for (const std::string& name : index.schema.primary_key) add(name);
  return first;
}

KeyColumns untraced_columns(const TablePlan& table) {
  KeyColumns unnamed;
  for (const Link& link : table.links) {
    for (const std::uint16_t column : link.columns) {
      const std::string& name = table.columns[column];
      if (!contains(table.info.identity_columns, name) && !contains(unnamed, name)) unnamed.push_back(name);
    }
  }
  return unnamed;
}

Result<std::vector<Error>> check_server(Conn& conn, bool slot_exists) {
  FLUSSO_TRY_ASSIGN(const Rows rows, conn.exec(kServer));
  std::vector<Error> findings;
  const std::string& where = conn.target();
  if (rows.text(0, 0) != "logical") {
    findings.push_back(
        wrong("pg.wal_level", fmt::format("wal_level of {} is {}, not logical; run ALTER SYSTEM SET wal_level = "
                                          "logical; and restart the server",
                                          where, rows.text(0, 0))));
  }
  if (rows.boolean(0, 1)) {
    findings.push_back(is_standby(where));
  }
  if (!rows.boolean(0, 2)) {
    findings.push_back(
        wrong("pg.no_replication",
              fmt::format("role \"{}\" may not use replication; run as a superuser: ALTER ROLE {} REPLICATION;",
                          rows.text(0, 3), quote_identifier(rows.text(0, 3)))));
  }
  if (!slot_exists && rows.integer(0, 5) >= rows.integer(0, 4)) {
    findings.push_back(Error{
        ErrorKind::transient, "pg.no_free_slot",
        fmt::format("all {} replication slots of {} are taken: {}; drop one that nobody uses, or run ALTER SYSTEM SET "
                    "max_replication_slots = {}; and restart the server",
                    rows.integer(0, 4), where, name_slots(conn), rows.integer(0, 5) + 4)});
  }
  if (rows.integer(0, 6) < 1) {
    findings.push_back(
        wrong("pg.no_wal_sender", fmt::format("max_wal_senders of {} is 0; run ALTER SYSTEM SET max_wal_senders = "
                                              "10; and restart the server",
                                              where)));
  }
  return findings;
}

Result<std::vector<Error>> check_privileges(Conn& conn, const Plan& plan) {
  std::vector<std::string> oids;
  for (const TablePlan& table : plan.tables) oids.push_back(fmt::format("{}", table.info.oid));
  FLUSSO_TRY_ASSIGN(const Rows rows, conn.exec_params(kPrivileges, {array_text(oids)}));
  std::vector<Error> findings;
  for (int row = 0; row < rows.size(); ++row) {
    const TableRef table{rows.string(row, 0), rows.string(row, 1)};
    const std::string role(rows.text(row, 5));
    if (!rows.boolean(row, 2)) {
      findings.push_back(wrong(
          "pg.no_privilege", fmt::format("role \"{}\" may not use schema {}; run GRANT USAGE ON SCHEMA {} TO {};", role,
                                         table.schema, quote_identifier(table.schema), quote_identifier(role))));
    } else if (!rows.boolean(row, 3)) {
      findings.push_back(
          wrong("pg.no_privilege", fmt::format("role \"{}\" may not read table {}; run GRANT SELECT ON {} TO {};", role,
                                               to_text(table), quote_table(table), quote_identifier(role))));
    } else if (rows.boolean(row, 4)) {
      findings.push_back(
          wrong("pg.row_security", fmt::format("row level security hides rows of table {} from role \"{}\"; run "
                                               "ALTER ROLE {} BYPASSRLS;",
                                               to_text(table), role, quote_identifier(role))));
    }
  }
  return findings;
}

IdentityFindings check_identities(const Plan& plan) {
  IdentityFindings findings;
  for (const TablePlan& table : plan.tables) {
    const TableInfo& info = table.info;
    const auto note_tables = [&] {
      findings.error_tables.resize(findings.errors.size(), info.table);
      findings.warning_tables.resize(findings.warnings.size(), info.table);
    };
    if (std::vector<Error> missing = without_identity(info); !missing.empty()) {
      findings.errors.push_back(all_of(std::move(missing)));
      note_tables();
      continue;
    }
    const KeyColumns unnamed = untraced_columns(table);
    bool root = false;
    for (const IndexPlan& index : plan.indexes) {
      if (index.schema.table != info.table || covers(info.identity_columns, index.schema.primary_key)) continue;
      // A primary key that is not the document's key is a design; an identity chosen without it is a mistake.
      if (info.identity == ReplicaIdentity::standard) continue;
      root = true;
      findings.errors.push_back(wrong(
          "pg.identity_lacks_key",
          fmt::format(
              "a deleted row of table {} would not name its document in index {}: the replica identity ({}) lacks "
              "the document key ({}); run {}",
              to_text(info.table), index.name, list(info.identity_columns), list(index.schema.primary_key),
              cures(info, with_all_lookups(plan, table, index.schema.primary_key)))));
    }
    if (!root && !unnamed.empty()) {
      findings.warnings.push_back(
          fmt::format("a row of table {} that is deleted or moved does not name the document it leaves, because its "
                      "replica identity ({}) lacks {}: the sink is searched for it, and stdout cannot be told; to save "
                      "the search run {}",
                      to_text(info.table), list(info.identity_columns), list(unnamed),
                      cures(info, with_all_lookups(plan, table, unnamed))));
    }
    note_tables();
  }
  return findings;
}

}  // namespace flusso::pg
