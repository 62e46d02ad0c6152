#include "io/pg/reverse_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pg/filter_sql.h"
#include "io/pg/key_sql.h"
#include "io/pg/quote.h"
#include "io/pg/sql_type.h"

namespace flusso::pg {
namespace {

Result<const TableInfo*> table_of(const Hop& hop, const Plan& plan) {
  if (const TablePlan* found = plan.find(hop.table)) return &found->info;
  return fail(ErrorKind::config, "config.table_missing", fmt::format("table {} does not exist", to_text(hop.table)));
}

std::string alias_of(std::size_t hop) { return fmt::format("h{}", hop + 1); }

}  // namespace

Result<ReverseSql> reverse_sql(const LookupPath& path, const Plan& plan) {
  if (path.hops.empty())
    return fail(ErrorKind::bug, "pg.empty_path", fmt::format("lookup path {} has no hop", path.name));
  const Hop& first = path.hops.front();
  const std::size_t last = path.hops.size() - 1;
  FLUSSO_TRY_ASSIGN(const TableInfo* start, table_of(first, plan));
  std::vector<std::string> types;
  for (const std::string& name : first.match) {
    FLUSSO_TRY_ASSIGN(const ColumnInfo* column, require_column(*start, name));
    types.push_back(key_type(*column));
  }
  const KeyLookup lookup = key_lookup(alias_of(0), first.match, types);
  std::string from = fmt::format("{} AS {}{}", quote_table(first.table), alias_of(0), lookup.join);
  ReverseSql reverse;
  reverse.columns = first.match.size();
  reverse.tables.push_back(first.table);
  for (std::size_t i = 1; i <= last; ++i) {
    const Hop& hop = path.hops[i];
    FLUSSO_TRY(table_of(hop, plan));
    FLUSSO_TRY_ASSIGN(const std::string on,
                      keys_equal(alias_of(i), hop.match, alias_of(i - 1), path.hops[i - 1].output));
    from += fmt::format(" JOIN {} AS {} ON {}", quote_table(hop.table), alias_of(i), on);
    if (std::find(reverse.tables.begin(), reverse.tables.end(), hop.table) == reverse.tables.end())
      reverse.tables.push_back(hop.table);
  }
  FLUSSO_TRY_ASSIGN(const TableInfo* end, table_of(path.hops[last], plan));
  FLUSSO_TRY_ASSIGN(const std::string key, key_text(*end, path.hops[last].output, alias_of(last)));
  FLUSSO_TRY_ASSIGN(const std::string present, key_present(*end, path.hops[last].output, alias_of(last)));
  std::string where = lookup.condition;
  if (!present.empty()) where += (where.empty() ? "" : " AND ") + present;
  reverse.sql = fmt::format("SELECT DISTINCT {} FROM {}{}{}", key, from, where.empty() ? "" : " WHERE ", where);
  return reverse;
}

}  // namespace flusso::pg
