#pragma once
// What came out of a check, for people and for programs. Secrets are never part of it.

#include <optional>
#include <string>
#include <vector>

#include "io/config/diagnostics.h"
#include "model/check/coverage.h"
#include "model/check/finding.h"
#include "model/config/config.h"

namespace flusso::config {

// What the loader says, as findings.
CheckFindings findings_of(const std::vector<Diagnostic>& diagnostics);

// "Database validation" and "Publication coverage"; ends with a newline. Thread: any; pure.
std::string render_findings(const CheckFindings& findings, bool colour);
std::string render_coverage(const Coverage& coverage, bool colour);

// The whole result, indented by two, keys in alphabetical order. `config` is null when the files are wrong, `findings`
// and `coverage` when nothing was looked at. Thread: any; pure.
std::string check_json(const Config* config, const std::optional<CheckFindings>& findings,
                       const std::optional<Coverage>& coverage);

}  // namespace flusso::config
