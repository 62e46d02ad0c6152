#pragma once
// Whether the publication streams every table that the enabled indexes read, and what to do where it does not.

#include <string>
#include <vector>

#include "model/schema/index_schema.h"

namespace flusso {

struct Coverage {
  std::string publication;
  std::vector<TableRef> present;
  std::vector<TableRef> missing;
  std::vector<std::string> blockers;     // why the role cannot close the gap itself
  std::vector<std::string> remediation;  // SQL that closes it, one statement each
  bool will_manage = true;               // manage_publication in force
  bool role_may_add = true;              // what stands in `remediation`

  bool satisfied() const { return missing.empty(); }
  bool manageable() const { return blockers.empty(); }
};

}  // namespace flusso
