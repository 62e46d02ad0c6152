#include "io/config/check_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/config/config_json.h"
#include "io/config/report_text.h"
#include "model/mapping/derive.h"

namespace flusso::config {
namespace {

using Json = nlohmann::json;

std::string tag(FindingSeverity severity, bool colour) {
  const std::string text = fmt::format("[{}]", to_text(severity));
  if (!colour) return text;
  const int code = severity == FindingSeverity::error ? 31 : severity == FindingSeverity::warning ? 33 : 36;
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string subject(const CheckFinding& finding) {
  if (finding.index.empty()) return "source";
  return finding.field.empty() ? finding.index : finding.index + "." + finding.field;
}

std::string place(const Position& at) {
  if (at.file.empty()) return {};
  return at.line > 0 ? fmt::format("  ({}:{}:{})", at.file, at.line, std::max(at.column, 1))
                     : fmt::format("  ({})", at.file);
}

Json finding_json(const CheckFinding& finding) {
  const auto known = [](int number) { return number > 0 ? Json(number) : Json(); };
  return Json{{"severity", to_text(finding.severity)},
              {"index", finding.index},
              {"field", finding.field},
              {"message", finding.message},
              {"file", finding.at.file.empty() ? Json() : Json(finding.at.file)},
              {"line", known(finding.at.line)},
              {"column", known(finding.at.column)}};
}

Json names(const std::vector<TableRef>& tables) {
  Json list = Json::array();
  for (const TableRef& table : tables) list.push_back(to_text(table));
  return list;
}

Json coverage_json(const Coverage& coverage) {
  return Json{{"blockers", coverage.blockers},       {"manageable", coverage.manageable()},
              {"missing", names(coverage.missing)},  {"present", names(coverage.present)},
              {"remediation", coverage.remediation}, {"satisfied", coverage.satisfied()},
              {"will_manage", coverage.will_manage}};
}

}  // namespace

CheckFindings findings_of(const std::vector<Diagnostic>& diagnostics) {
  CheckFindings findings;
  for (const Diagnostic& diagnostic : diagnostics) {
    std::string message = diagnostic.message;
    if (!diagnostic.expected.empty()) message += ", expected " + diagnostic.expected;
    if (!diagnostic.hint.empty()) message += "; " + diagnostic.hint;
    findings.push_back({diagnostic.severity == Severity::error ? FindingSeverity::error : FindingSeverity::note,
                        {},
                        {},
                        std::move(message),
                        diagnostic.at,
                        FindingPart::deployment});
  }
  return findings;
}

std::string render_findings(const CheckFindings& findings, bool colour) {
  ReportText report(colour);
  report.title("Database validation");
  if (findings.empty()) report.line("  (schema matches the database)");
  std::size_t tags = 0;
  std::size_t subjects = 0;
  for (const CheckFinding& finding : findings) {
    tags = std::max(tags, to_text(finding.severity).size() + 2);
    subjects = std::max(subjects, width_of(printable(subject(finding))));
  }
  for (const CheckFinding& finding : findings)
    report.line(fmt::format("  {}{}  {}  {}{}", tag(finding.severity, colour),
                            std::string(tags - to_text(finding.severity).size() - 2, ' '),
                            padded(printable(subject(finding)), subjects), printable(finding.message),
                            printable(place(finding.at))));
  return report.take();
}

std::string render_coverage(const Coverage& coverage, bool colour) {
  ReportText report(colour);
  report.title("Publication coverage");
  if (coverage.satisfied()) {
    report.line(fmt::format("  {} source streams all {} required table(s)", report.mark(), coverage.present.size()));
    return report.take();
  }
  report.line(fmt::format("  ! {} table(s) the indexes read are not yet streamed:", coverage.missing.size()));
  for (const TableRef& table : coverage.missing) report.line("    • " + printable(to_text(table)));
  if (!coverage.manageable()) {
    report.line("  → flusso will NOT create these automatically:");
    for (const std::string& blocker : coverage.blockers) report.line("    - " + printable(blocker));
  } else if (coverage.will_manage) {
    report.line("  → will be added automatically on the next `flusso run`");
  } else {
    report.line("  → this role could add them, but automatic management is off (manage_publication = false)");
  }
  if (!coverage.remediation.empty()) {
    report.title("Run to stream every table");
    for (const std::string& sql : coverage.remediation) report.line("  " + printable(sql));
  }
  return report.take();
}

std::string check_json(const Config* config, const std::optional<CheckFindings>& findings,
                       const std::optional<Coverage>& coverage) {
  Json diagnostics;
  if (findings) {
    diagnostics = Json::array();
    for (const CheckFinding& finding : *findings) diagnostics.push_back(finding_json(finding));
  }
  Json mappings = Json::array();
  if (config != nullptr)
    for (const IndexConfig& index : config->indexes)
      if (index.enabled) mappings.push_back(to_json(derive_mapping(index.name, index.schema), config->prefix));
  const Json report{{"config", config == nullptr ? Json() : to_json(*config)},
                    {"coverage", coverage ? coverage_json(*coverage) : Json()},
                    {"diagnostics", std::move(diagnostics)},
                    {"mappings", std::move(mappings)}};
  // Messages may quote bytes that are no UTF-8; nothing here may throw.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace flusso::config
