#pragma once
// How one value becomes JSON. Strings, numbers and dates travel as Postgres prints them, behind a mark, and are written
// as JSON here (marked_text.h); everything else is rendered inside Postgres. Both ways of reading documents use it: a
// row has one document, however it was found. The cheapest correct expression is chosen by type: a NOT NULL integer is
// just its column inside concat(). docs/reference/types.md shows what comes out.
//
//   number target   NaN and ±Infinity → null; every digit that Postgres prints
//   date target     ISO 8601; infinity, BC and years beyond 9999 → null; a time of day on 1970-01-01
//   any target      bytea → base64, money → number, json as it stands, everything else as to_json() writes it
// The rules hold for every element of an array, whatever its dimensions, and for aggregates.
// Thread: any; pure.

#include <optional>
#include <string>
#include <vector>

#include "io/pg/sql_type.h"
#include "io/pg/text_parts.h"
#include "model/schema/index_schema.h"
#include "model/table_info.h"

namespace flusso::pg {

// A value in SQL and what is known about it.
struct SqlValue {
  std::string sql;
  SqlType type;
  bool nullable = true;
};

// The value of a column of the row called `alias`.
SqlValue column_value(const ColumnInfo& column, std::string_view alias);

struct JsonRules {
  ValueTarget target = ValueTarget::other;
  std::string when_null = "null";  // JSON text
};

// Appends the JSON of a value.
void append_json(TextParts& out, const SqlValue& value, const JsonRules& rules);

// The parts of a `- <type>: name` field: transforms, default and rendering.
void append_column_field(TextParts& out, const ColumnField& field, const SqlValue& value);

// {"lat":…,"lon":…} or null when either is null or not a finite number.
void append_geo_point(TextParts& out, const SqlValue& lat, const SqlValue& lon);

}  // namespace flusso::pg
