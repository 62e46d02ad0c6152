#pragma once
// What `flusso check` has to say, as data: how bad, about what, and one sentence with what is wrong, what was expected
// and the cure. Findings are collected, never the reason to stop looking.

#include <string>
#include <vector>

#include "model/schema/index_schema.h"

namespace flusso {

enum class FindingSeverity {
  error,    // `run` would refuse to start, or documents would be wrong
  warning,  // it runs, but slowly, staler or emptier than the schema promises
  note,     // worth knowing
};
std::string_view to_text(FindingSeverity severity);

// Which part of an index a finding is about. Parts with errors are left out when the rest is looked at further.
enum class FindingPart {
  deployment,  // the server, the role, the publication: no index
  index,       // the root table or its key: nothing else of the index can be looked at
  filters,     // the root's filters
  soft_delete,
  field,
};

struct CheckFinding {
  FindingSeverity severity = FindingSeverity::error;
  std::string index;    // empty: the deployment
  std::string field;    // dotted document path, empty: the index itself
  std::string message;  // one sentence, no secret
  Position at;
  FindingPart part = FindingPart::field;
};
using CheckFindings = std::vector<CheckFinding>;

// The deployment first, then index by index as the files are read; the same finding is kept once.
void sort_findings(CheckFindings& findings);
bool has_errors(const CheckFindings& findings);

}  // namespace flusso
