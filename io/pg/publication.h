#pragma once
// The publication: which of our tables it covers, what in it would hide changes from us, and the SQL that repairs it.
// Thread: one per connection.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "io/pg/catalog.h"
#include "io/pg/conn.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

struct PublicationState {
  bool exists = false;
  std::vector<TableRef> missing;  // tables of the plan that it does not cover, in plan order
  std::vector<Error> findings;    // operations left out, row filters, column lists that lack a column we look at
  std::vector<std::string> warnings;
};

// A partitioned table is covered when it, or one that it is a partition of, is a member: then so is every partition to
// come.
Result<PublicationState> inspect_publication(Conn& conn, const std::string& publication, const Plan& plan);

// publish_via_partition_root: rows of partitions come as rows of the published table. False when there is none.
Result<bool> publishes_via_root(Conn& conn, const std::string& publication);

// The rows of the catalog that make a publication what it is, as "oid:xmin": another version means that it was altered.
struct PublicationRows {
  std::string own;  // empty: there is no such publication
  bool via_root = false;
  std::map<std::uint32_t, std::set<std::string>> of_tables;  // by oid: what makes the table a member
};
Result<PublicationRows> publication_rows(Conn& conn, const std::string& publication,
                                         const std::vector<TableLookup>& tables);

// The statement that covers `missing`: CREATE PUBLICATION … FOR TABLE …, or ALTER PUBLICATION … ADD TABLE ….
std::string covering_sql(const std::string& publication, bool exists, const std::vector<TableRef>& missing);

// Runs it. Errors: permanent pg.publication_incomplete with the SQL when the role lacks the privilege, else the
// server's.
Status cover(Conn& conn, const std::string& publication, const PublicationState& state);

// The same error for those who manage the publication themselves.
Error incomplete(const std::string& publication, const PublicationState& state, std::string_view why);

}  // namespace flusso::pg
