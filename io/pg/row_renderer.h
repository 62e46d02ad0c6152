#pragma once
// Renders the fields of one row: scalars, objects and constants directly, relations through LATERAL subqueries that the
// caller puts into its FROM. Rows nest: a relation's rows are rendered by the same class.
// Thread: one.

#include <string>
#include <unordered_map>
#include <vector>

#include "io/pg/field_sql.h"
#include "io/pg/text_parts.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

// A row in scope: its alias, its table, and the columns by which children find it.
struct RowScope {
  const TableInfo* table = nullptr;
  std::string alias;
  KeyColumns key;
};

struct RenderedRow {
  TextParts json;     // the object with its braces
  std::string joins;  // LATERAL subqueries that `json` refers to
};

class RowRenderer {
 public:
  // `traced`: of the index; their rows leave a mark in front of what is made of them.
  RowRenderer(const Plan& plan, const std::vector<TracedTable>& traced) : plan_(plan), traced_(traced) {}

  Result<RenderedRow> row(const std::vector<Field>& fields, const RowScope& scope);
  // The mark of a row of that table (marked_text.h); nothing when the table is not traced.
  Result<TextParts> mark(const TableInfo& table, std::string_view alias) const;

 private:
  using Relations = std::unordered_map<const Field*, TextParts>;
  friend class RelationRenderer;

  Status append_object(TextParts& out, const std::vector<Field>& fields, const RowScope& scope,
                       const Relations& relations);
  Status append_value(TextParts& out, const Field& field, const RowScope& scope, const Relations& relations);
  Result<const TableInfo*> table(const TableRef& ref) const;
  std::string next_alias(char prefix) { return prefix + std::to_string(++aliases_); }

  const Plan& plan_;
  const std::vector<TracedTable>& traced_;
  int aliases_ = 0;
};

}  // namespace flusso::pg
