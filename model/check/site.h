#pragma once
// Where in an index a rule is looking: what its findings are about, and the facts they are judged by.

#include <string>
#include <utility>

#include "model/check/facts.h"
#include "model/check/finding.h"

namespace flusso {

// Thread: one.
struct Site {
  std::string index;
  std::string field;  // dotted document path
  Position at;
  FindingPart part = FindingPart::field;
  const DatabaseFacts* facts = nullptr;
  CheckFindings* findings = nullptr;

  void add(FindingSeverity severity, std::string message) const {
    findings->push_back({severity, index, field, std::move(message), at, part});
  }
  void error(std::string message) const { add(FindingSeverity::error, std::move(message)); }
  void warning(std::string message) const { add(FindingSeverity::warning, std::move(message)); }
  void note(std::string message) const { add(FindingSeverity::note, std::move(message)); }

  Site child(const std::string& name, const Position& position) const {
    Site out = *this;
    out.field = field.empty() ? name : field + "." + name;
    out.at = position;
    out.part = FindingPart::field;
    return out;
  }
  Site at_part(FindingPart other, const Position& position) const {
    Site out = *this;
    out.part = other;
    if (position.line > 0) out.at = position;
    return out;
  }
};

// The facts of a table, or null after a finding that says why it cannot be read. `role` is what names it: "`table`".
const TableFacts* find_table(const Site& site, const TableRef& table, std::string_view role);

// The column, or null after a finding with the nearest name. `role` is what names it: "`foreign_key`".
const ColumnInfo* find_column(const Site& site, const TableFacts& table, std::string_view column,
                              std::string_view role);

// schema.table.column, for people.
std::string column_text(const TableFacts& table, const ColumnInfo& column);

}  // namespace flusso
