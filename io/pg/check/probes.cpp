#include "io/pg/check/probes.h"

#include <fmt/format.h>

#include "io/pg/check/explain.h"
#include "io/pg/filter_sql.h"
#include "io/pg/quote.h"
#include "io/pg/read_session.h"
#include "model/check/site.h"

namespace flusso::pg {
namespace {

// How the statement that is probed calls the filtered row: raw SQL of the root may name `root`, that of related tables
// stands in a scope where only the table itself exists.
enum class Scope { root, related };

class Probe {
 public:
  explicit Probe(ReadOnlySession& session) : session_(session) {}

  void filters(const Site& site, const Filters& filters, const TableRef& table, Scope scope) {
    const TableFacts* facts = site.facts->find(table);
    if (!filters || facts == nullptr || !facts->usable()) return;
    for (const Filter& filter : *filters) one(site.at_part(site.part, filter.at), filter, *facts, scope);
  }

  void fields(const Site& parent, const std::vector<Field>& fields) {
    for (const Field& field : fields) {
      const Site site = parent.child(field.name, field.at);
      if (const auto* object = std::get_if<ObjectField>(&field.source)) this->fields(site, object->fields);
      if (const auto* join = std::get_if<JoinField>(&field.source)) {
        filters(site, join->filters, join->table, Scope::related);
        this->fields(site, join->fields);
      }
      if (const auto* aggregate = std::get_if<AggregateField>(&field.source))
        filters(site, aggregate->filters, aggregate->table, Scope::related);
    }
  }

 private:
  void one(const Site& site, const Filter& filter, const TableFacts& table, Scope scope) {
    const bool raw = std::holds_alternative<FilterRaw>(filter.condition);
    const bool aliased = scope == Scope::root || !raw;
    const std::string alias = "root";
    const auto condition = filter_condition(filter, table.info, alias);
    if (!condition) return;  // an unknown column: told by the rules
    const std::string sql = fmt::format("SELECT 1 FROM {}{} WHERE {}", quote_table(table.info.table),
                                        aliased ? " AS " + alias : "", *condition);
    const auto plan = explain(session_, sql, 0);
    if (plan || !session_.conn().usable()) return;
    if (is_timeout(plan.error())) {
      site.warning(fmt::format("the filter could not be looked at in time: {}", plan.error().what));
      return;
    }
    if (const auto* compare = std::get_if<FilterCompare>(&filter.condition)) {
      const ColumnInfo* column = table.info.column(compare->column);
      site.error(fmt::format("the filter on column {} ({}) does not work: {}; give a value of the column's type",
                             column_text(table, *column), column->type, plan.error().what));
    } else {
      site.error(
          fmt::format("the raw filter is no condition on table {}: {}", to_text(table.info.table), plan.error().what));
    }
  }

  ReadOnlySession& session_;
};

}  // namespace

void check_filter_values(ReadOnlySession& session, const std::string& index, const IndexSchema& schema,
                         const DatabaseFacts& facts, CheckFindings& findings) {
  Probe probe(session);
  const Site site{index, {}, schema.at, FindingPart::index, &facts, &findings};
  probe.filters(site.at_part(FindingPart::filters, schema.at), schema.filters, schema.table, Scope::root);
  if (schema.soft_delete)
    probe.filters(site.at_part(FindingPart::soft_delete, schema.soft_delete->at), schema.soft_delete->when,
                  schema.table, Scope::root);
  probe.fields(site, schema.fields);
}

}  // namespace flusso::pg
