#include "io/pg/check/samples.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pg/quote.h"
#include "model/check/column_types.h"
#include "model/check/site.h"

namespace flusso::pg {
namespace {

constexpr int kRows = 1000;

bool has_option(const Field& field, std::string_view name) {
  return std::any_of(field.options.begin(), field.options.end(),
                     [&](const auto& option) { return option.first == name; });
}

class Samples {
 public:
  explicit Samples(ReadOnlySession& session) : session_(session) {}

  void fields(const Site& parent, const std::vector<Field>& fields, const TableRef& table) {
    for (const Field& field : fields) {
      const Site site = parent.child(field.name, field.at);
      if (const auto* object = std::get_if<ObjectField>(&field.source)) this->fields(site, object->fields, table);
      if (const auto* join = std::get_if<JoinField>(&field.source)) this->fields(site, join->fields, join->table);
      const auto* column = std::get_if<ColumnField>(&field.source);
      // With `enabled: false` nothing is indexed, and with another type other rules hold.
      const bool open = column != nullptr && column->kind == FieldKind::json && !has_option(field, "enabled") &&
                        !has_option(field, "type");
      if (open) sample(site, *column, table);
    }
  }

 private:
  void sample(const Site& site, const ColumnField& field, const TableRef& table) {
    const TableFacts* facts = site.facts->find(table);
    const ColumnInfo* column = facts == nullptr ? nullptr : facts->info.column(field.column);
    if (column == nullptr || !facts->usable()) return;
    const ValueType type = value_type(*column, *site.facts);
    if (!type.is_json() || type.array) return;
    const auto rows = session_.ask(fmt::format(
        "SELECT count(*) FROM (SELECT {1} AS v FROM {2} LIMIT {3}) AS s WHERE v IS NOT NULL AND CASE {0}_typeof(v) "
        "WHEN 'object' THEN "
        "false WHEN 'null' THEN false WHEN 'array' THEN EXISTS (SELECT FROM {0}_array_elements(v) AS e WHERE "
        "{0}_typeof(e) <> 'object') ELSE true END",
        "pg_catalog." + type.name, quote_identifier(field.column), quote_table(table), kRows));
    if (!rows || rows->integer(0, 0) == 0) return;
    site.warning(
        fmt::format("{} of the first {} rows of column {} hold json that is no object: OpenSearch refuses such "
                    "documents in a json field; say `options: {{ enabled: false }}` to store without indexing",
                    rows->integer(0, 0), kRows, column_text(*facts, *column)));
  }

  ReadOnlySession& session_;
};

}  // namespace

void check_json_samples(ReadOnlySession& session, const std::string& index, const IndexSchema& schema,
                        const DatabaseFacts& facts, CheckFindings& findings) {
  Samples(session).fields(Site{index, {}, schema.at, FindingPart::index, &facts, &findings}, schema.fields,
                          schema.table);
}

}  // namespace flusso::pg
