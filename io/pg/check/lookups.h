#pragma once
// Which rows are looked up by which columns: what an index is needed for, and which of them a plan reads a whole table
// for. Pure. Thread: any.

#include <set>
#include <string>
#include <vector>

#include "io/pg/check/explain.h"
#include "model/check/facts.h"
#include "model/check/finding.h"
#include "model/plan.h"

namespace flusso::pg {

struct Lookup {
  TableRef table;
  KeyColumns columns;
  std::string field;  // dotted path of the relation, empty for the root
  Position at;
};

// Of the document statement: the root by its key, related rows by theirs.
std::vector<Lookup> document_lookups(const IndexSchema& schema, const DatabaseFacts& facts);
// Of a reverse lookup: one per hop.
std::vector<Lookup> path_lookups(const LookupPath& path, const IndexSchema& schema);

// Every (table, columns) once, however many statements want it.
using Told = std::set<std::pair<TableRef, KeyColumns>>;

// A warning for each lookup that no index begins with, or that is answered by reading the table in spite of one.
// `scans` are of the statement that the lookups belong to.
void check_scans(const std::string& index, const std::vector<ScanNode>& scans, const std::vector<Lookup>& lookups,
                 const DatabaseFacts& facts, Told& told, CheckFindings& findings);

}  // namespace flusso::pg
