#pragma once
// The publication: which of our tables it covers, what in it would hide changes from us, and the SQL that repairs it.
// Thread: one per connection.

#include <string>
#include <vector>

#include "io/pg/conn.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

struct PublicationState {
  bool exists = false;
  std::vector<TableRef> missing;  // tables of the plan that it does not cover, in plan order
  std::vector<Error> findings;    // operations left out, row filters, column lists that lack a column we look at
};

Result<PublicationState> inspect_publication(Conn& conn, const std::string& publication, const Plan& plan);

// The statement that covers `missing`: CREATE PUBLICATION … FOR TABLE …, or ALTER PUBLICATION … ADD TABLE ….
std::string covering_sql(const std::string& publication, bool exists, const std::vector<TableRef>& missing);

// Runs it. Errors: permanent pg.publication_incomplete with the SQL when the role lacks the privilege, else the
// server's.
Status cover(Conn& conn, const std::string& publication, const PublicationState& state);

// The same error for those who manage the publication themselves.
Error incomplete(const std::string& publication, const PublicationState& state, std::string_view why);

}  // namespace flusso::pg
