#pragma once
// Which Postgres types a declared type takes. A domain counts as its base type, an array as its element, an enum as
// text. Manual: "Types".

#include <string>
#include <vector>

#include "model/check/facts.h"
#include "model/schema/index_schema.h"

namespace flusso {

// The type of one value of a column: domains and arrays looked through.
struct ValueType {
  std::uint32_t oid = 0;
  std::string name;  // bare: "int4", "citext"
  char category = 'U';
  char kind = 'b';  // pg_type.typtype
  bool array = false;
  std::string written;  // as the column declares it, for people: "public.small[]"

  bool built_in() const;
  bool is(std::string_view built_in_name) const { return built_in() && name == built_in_name; }
  bool is_text() const;  // text, varchar, char(n), name, citext and other string types, enums
  bool is_integer() const;
  bool is_number() const;  // integers, numeric, real, double precision
  bool is_json() const;
};
ValueType value_type(const ColumnInfo& column, const DatabaseFacts& facts);

bool accepts(FieldKind kind, const ValueType& type);
// Whether one of a `custom` field's `postgres` types is this one. Aliases, modifiers and [] do not matter.
bool accepts_custom(const std::vector<std::string>& listed, const ValueType& type);

// "bigint or int8": what a declared type takes, for people.
std::string_view accepted_types(FieldKind kind);
// "declare `long`": what would fit the type.
std::string fitting_declaration(const ValueType& type);

// How two columns compare with =.
enum class Comparison {
  direct,  // the same type as far as indexes and values are concerned
  cast,    // one side is converted: an index on it does not serve
  none,    // Postgres has no such operator
};
Comparison comparison(const ValueType& a, const ValueType& b);

}  // namespace flusso
