#include "model/check/finding.h"

#include <algorithm>
#include <tuple>

namespace flusso {

std::string_view to_text(FindingSeverity severity) {
  switch (severity) {
    case FindingSeverity::error:
      return "error";
    case FindingSeverity::warning:
      return "warning";
    case FindingSeverity::note:
      return "note";
  }
  return "error";
}

void sort_findings(CheckFindings& findings) {
  const auto place = [](const CheckFinding& f) {
    return std::tie(f.index, f.at.file, f.at.line, f.at.column, f.field, f.severity, f.message);
  };
  std::stable_sort(findings.begin(), findings.end(),
                   [&](const CheckFinding& a, const CheckFinding& b) { return place(a) < place(b); });
  const auto same = [&](const CheckFinding& a, const CheckFinding& b) { return place(a) == place(b); };
  findings.erase(std::unique(findings.begin(), findings.end(), same), findings.end());
}

bool has_errors(const CheckFindings& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const CheckFinding& finding) { return finding.severity == FindingSeverity::error; });
}

}  // namespace flusso
