#pragma once
// What must be true of a server, a role and the tables before the first change is captured. Each check gives findings,
// sentences with the cure in them; they are reported together. Thread: one per connection.

#include <string>
#include <vector>

#include "io/pg/conn.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

// What every part of us says about a server that is in recovery: transient pg.in_recovery, because a standby may be
// about to be promoted. At a first start it is a mistake all the same.
Error is_standby(const std::string& where);
// wal_level, recovery, the role's REPLICATION attribute, free slots (when one has to be made) and walsenders.
// Transient: pg.in_recovery, pg.no_free_slot; the others are permanent.
Result<std::vector<Error>> check_server(Conn& conn, bool slot_exists);
// SELECT and USAGE on every table, and no row level security that hides rows.
Result<std::vector<Error>> check_privileges(Conn& conn, const Plan& plan);

// The columns by which an old row of the table names old parents, and that its identity does not carry.
KeyColumns untraced_columns(const TablePlan& table);

// The narrowest existing index that can serve as identity and holds `wanted`; null when there is none.
const UniqueIndex* fitting_index(const TableInfo& table, const KeyColumns& wanted);
// `first` and every other column by which an old row is looked up: what helps one reader must not harm another.
KeyColumns with_all_lookups(const Plan& plan, const TablePlan& table, KeyColumns first);

struct IdentityFindings {
  std::vector<Error> errors;          // no usable identity; an identity that does not name a root's documents
  std::vector<std::string> warnings;  // old parents that a change does not name, with the ALTER TABLE that helps
  std::vector<TableRef> error_tables, warning_tables;  // what each is about
};
// Pure.
IdentityFindings check_identities(const Plan& plan);

}  // namespace flusso::pg
