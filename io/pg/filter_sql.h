#pragma once
// Filters and soft delete as SQL conditions. Operands are untyped literals, so that Postgres reads them as the column's
// type without its length or precision ('abcdef' never equals the varchar(3) 'abc'). Raw filters are the user's own
// SQL: they stand in parentheses, closed on a line of their own because they may end in a comment. Thread: any; pure.

#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"
#include "model/schema/index_schema.h"
#include "model/table_info.h"

namespace flusso::pg {

// One condition on the row called `alias`. Errors: config.column_missing.
Result<std::string> filter_condition(const Filter& filter, const TableInfo& table, std::string_view alias);
// All of them joined by AND; empty without filters.
Result<std::string> filters_condition(const Filters& filters, const TableInfo& table, std::string_view alias);
bool has_raw(const Filters& filters);
// Only the raw ones (`raw`) or only the others.
enum class FilterPart { raw, structured };
Filters part_of(const Filters& filters, FilterPart part);
// True for rows that are not soft-deleted; a condition that comes out NULL means deleted. Errors:
// config.column_missing.
Result<std::string> alive_condition(const SoftDelete& rule, const TableInfo& table, std::string_view alias);

// The column, or config.column_missing with the table in the sentence.
Result<const ColumnInfo*> require_column(const TableInfo& table, std::string_view column);

}  // namespace flusso::pg
