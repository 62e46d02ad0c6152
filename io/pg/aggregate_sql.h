#pragma once
// The six aggregates over related rows. The aggregate stands inside the LATERAL subquery, its JSON outside, because
// rendering looks at a value more than once. Nothing to aggregate: count 0, ids [], the others null.
// Thread: any; pure.

#include <string>
#include <string_view>

#include "io/pg/field_sql.h"
#include "model/result.h"
#include "model/schema/index_schema.h"
#include "model/table_info.h"

namespace flusso::pg {

struct RolledUp {
  std::string sql;  // the aggregate call
  SqlType type;     // of its result
};

// `filter` is " FILTER (WHERE …)" or empty. Errors: config.column_missing, config.no_key.
Result<RolledUp> aggregate_sql(const AggregateField& field, const TableInfo& table, const std::string& alias,
                               const std::string& filter);
// The JSON of the result, which the outer query knows as `column`.
void append_rolled_up(TextParts& out, const AggregateField& field, const RolledUp& rolled, const std::string& column);

}  // namespace flusso::pg
