#pragma once
// What the renderers need to know about a Postgres type: its family decides how a value becomes JSON and how key texts
// are bound. Domains are judged by their base type. Thread: any; pure.

#include <string>
#include <string_view>

#include "model/schema/index_schema.h"
#include "model/table_info.h"

namespace flusso::pg {

enum class TypeFamily {
  integer,   // int2, int4, int8
  floating,  // float4, float8
  numeric,
  money,
  boolean,
  uuid,
  text,       // text, varchar
  character,  // char(n): blanks at the end are part of the value
  date,
  timestamp,
  timestamp_tz,
  time,
  time_tz,
  bytea,
  json,   // json, jsonb
  oid,    // a number under a number target, else what to_json() makes of it
  other,  // enums, citext, inet, composites …: whatever to_json() makes of them
};

// Types with this oid and above belong to users and extensions.
inline constexpr std::uint32_t kFirstUserOid = 16384;

struct SqlType {
  TypeFamily family = TypeFamily::other;
  std::string name;  // bare name: "int4"; of the element for an array
  bool array = false;
  bool measurable = true;  // a text whose octet_length() is the number of bytes that we receive
};

// By the bare name of a base type in pg_catalog, "int4", "_text".
SqlType sql_type(std::string_view base_type);
// As above; a user's own type keeps no family even when it is called like a built-in one.
SqlType sql_type(const ColumnInfo& column);

// Which rules a field's declared type puts on its values (numbers and dates must be such that OpenSearch can hold
// them).
enum class ValueTarget { number, date, boolean, other };
ValueTarget value_target(FieldKind kind);
// As above for a `custom` field's OpenSearch type.
ValueTarget value_target(std::string_view opensearch_type);

// The type that key texts of this column are cast to, without a length or precision that could alter them:
// int2 and int4 are widened, so that a number which does not fit is simply not found.
std::string key_type(const ColumnInfo& column);

}  // namespace flusso::pg
