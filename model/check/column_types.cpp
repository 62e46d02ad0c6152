#include "model/check/column_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "model/schema/names.h"

namespace flusso {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kFirstUserOid = 16384;

template <std::size_t n>
bool among(std::string_view name, const std::array<std::string_view, n>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array kText = {"text"sv, "varchar"sv, "bpchar"sv, "name"sv, "char"sv};
constexpr std::array kIntegers = {"int2"sv, "int4"sv, "int8"sv};
constexpr std::array kFractions = {"numeric"sv, "float4"sv, "float8"sv};
constexpr std::array kMoments = {"timestamp"sv, "timestamptz"sv, "time"sv, "timetz"sv};
constexpr std::array kDays = {"date"sv, "timestamp"sv, "timestamptz"sv};

// SQL's and Postgres' other names of built-in types → pg_type.typname.
constexpr std::array<std::pair<std::string_view, std::string_view>, 29> kAliases = {{
    {"smallint", "int2"},
    {"smallserial", "int2"},
    {"serial2", "int2"},
    {"int", "int4"},
    {"integer", "int4"},
    {"serial", "int4"},
    {"serial4", "int4"},
    {"bigint", "int8"},
    {"bigserial", "int8"},
    {"serial8", "int8"},
    {"real", "float4"},
    {"double precision", "float8"},
    {"float", "float8"},
    {"decimal", "numeric"},
    {"boolean", "bool"},
    {"character varying", "varchar"},
    {"character", "bpchar"},
    {"char", "bpchar"},
    {"timestamp without time zone", "timestamp"},
    {"timestamp with time zone", "timestamptz"},
    {"time without time zone", "time"},
    {"time with time zone", "timetz"},
    {"bit varying", "varbit"},
    {"nchar", "bpchar"},
    {"national character", "bpchar"},
    {"national character varying", "varchar"},
    {"character large object", "text"},
    {"binary large object", "bytea"},
    {"datetime", "timestamp"},
}};

// "Character  Varying(20)[]" → "varchar".
std::string normalised(std::string_view text) {
  std::string plain;
  int depth = 0;
  for (const char c : folded(trimmed(text))) {
    if (c == '(') ++depth;
    const bool drop = depth > 0 || c == '[' || c == ']' || c == '"';
    if (c == ')') --depth;
    if (drop) continue;
    const bool blank = c == ' ' || c == '\t';
    if (blank && (plain.empty() || plain.back() == ' ')) continue;
    plain.push_back(blank ? ' ' : c);
  }
  while (!plain.empty() && plain.back() == ' ') plain.pop_back();
  if (plain.starts_with("pg_catalog.")) plain.erase(0, "pg_catalog."sv.size());
  for (const auto& [alias, name] : kAliases)
    if (plain == alias) return std::string(name);
  return plain;
}

std::string without_schema(const std::string& type) {
  const auto dot = type.find('.');
  return dot == std::string::npos ? type : type.substr(dot + 1);
}

}  // namespace

bool ValueType::built_in() const { return oid < kFirstUserOid; }
bool ValueType::is_text() const { return kind == 'e' || (built_in() ? among(name, kText) : category == 'S'); }
bool ValueType::is_integer() const { return built_in() && among(name, kIntegers); }
bool ValueType::is_number() const { return is_integer() || (built_in() && among(name, kFractions)); }
bool ValueType::is_json() const { return is("json") || is("jsonb"); }

ValueType value_type(const ColumnInfo& column, const DatabaseFacts& facts) {
  ValueType type{column.base_oid, column.base_type, column.category, column.kind, false, column.type};
  if (column.category != 'A') return type;
  type.array = true;
  if (const auto element = facts.elements.find(column.base_oid); element != facts.elements.end()) {
    type.oid = element->second.oid;
    type.name = element->second.name;
    type.category = element->second.category;
    type.kind = element->second.kind;
  } else if (type.name.starts_with('_')) {
    type.name.erase(0, 1);
  }
  return type;
}

bool accepts(FieldKind kind, const ValueType& type) {
  switch (kind) {
    case FieldKind::text:
    case FieldKind::identifier:
    case FieldKind::keyword:
    case FieldKind::enumeration:
      return type.is_text();
    case FieldKind::uuid:
      return type.is("uuid");
    case FieldKind::boolean:
      return type.is("bool");
    case FieldKind::short_integer:
      return type.is("int2");
    case FieldKind::integer:
      return type.is("int4");
    case FieldKind::long_integer:
      return type.is("int8");
    case FieldKind::float_number:
      return type.is("float4");
    case FieldKind::double_number:
      return type.is("float8");
    case FieldKind::decimal:
      return type.is("numeric") || type.is("money");
    case FieldKind::date:
      return type.is("date");
    case FieldKind::timestamp:
      return type.built_in() && among(type.name, kMoments);
    case FieldKind::binary:
      return type.is("bytea");
    case FieldKind::json:
      return type.is_json();
    case FieldKind::custom:
      return true;
  }
  return false;
}

bool accepts_custom(const std::vector<std::string>& listed, const ValueType& type) {
  const std::string written = normalised(type.written);
  const std::string bare = folded(type.name);
  return std::any_of(listed.begin(), listed.end(), [&](const std::string& item) {
    const std::string wanted = normalised(item);
    return wanted == bare || wanted == written || wanted == without_schema(written);
  });
}

std::string_view accepted_types(FieldKind kind) {
  switch (kind) {
    case FieldKind::text:
    case FieldKind::identifier:
    case FieldKind::keyword:
    case FieldKind::enumeration:
      return "text, varchar, char(n), citext or an enum";
    case FieldKind::uuid:
      return "uuid";
    case FieldKind::boolean:
      return "boolean";
    case FieldKind::short_integer:
      return "smallint";
    case FieldKind::integer:
      return "integer";
    case FieldKind::long_integer:
      return "bigint";
    case FieldKind::float_number:
      return "real";
    case FieldKind::double_number:
      return "double precision";
    case FieldKind::decimal:
      return "numeric or money";
    case FieldKind::date:
      return "date";
    case FieldKind::timestamp:
      return "timestamp, timestamptz, time or timetz";
    case FieldKind::binary:
      return "bytea";
    case FieldKind::json:
      return "json or jsonb";
    case FieldKind::custom:
      return "the types it lists";
  }
  return "";
}

std::string fitting_declaration(const ValueType& type) {
  constexpr std::array kKinds = {FieldKind::keyword,       FieldKind::uuid,          FieldKind::boolean,
                                 FieldKind::short_integer, FieldKind::integer,       FieldKind::long_integer,
                                 FieldKind::float_number,  FieldKind::double_number, FieldKind::decimal,
                                 FieldKind::date,          FieldKind::timestamp,     FieldKind::binary,
                                 FieldKind::json};
  for (const FieldKind kind : kKinds) {
    if (!accepts(kind, type)) continue;
    if (kind == FieldKind::keyword) return "declare `keyword` or `text`";
    return fmt::format("declare `{}`", to_text(kind));
  }
  return fmt::format("declare `custom` with `postgres: [{}]` and an OpenSearch type that holds it", type.name);
}

Comparison comparison(const ValueType& a, const ValueType& b) {
  if (a.array != b.array) return Comparison::none;
  if (a.oid == b.oid && a.name == b.name) return Comparison::direct;
  if (a.array) return Comparison::none;
  if (a.is_integer() && b.is_integer()) return Comparison::direct;
  if (a.is_number() && b.is_number()) return Comparison::cast;
  if (a.kind == 'e' || b.kind == 'e') return Comparison::none;
  if (a.is_text() && b.is_text()) {
    const auto plain = [](const ValueType& type) { return type.is("text") || type.is("varchar"); };
    return plain(a) && plain(b) ? Comparison::direct : Comparison::cast;
  }
  const auto day = [](const ValueType& type) { return type.built_in() && among(type.name, kDays); };
  if (day(a) && day(b)) return Comparison::cast;
  return Comparison::none;
}

}  // namespace flusso
