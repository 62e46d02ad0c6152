#pragma once
// One *.schema.yml as validated values: what a search document looks like. Pure data; io/config fills it,
// model/schema/validate.h holds the rules, io/pg/document_sql turns it into SQL.
// Manual: "Authoring schemas".

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/value.h"

namespace flusso {

// Where something stands in a file; line and column count from 1, 0 = unknown.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
};

// A table by schema and bare name (unquoted, case as Postgres stores it).
struct TableRef {
  std::string schema;
  std::string name;
  auto operator<=>(const TableRef&) const = default;
};
std::string to_text(const TableRef& table);  // schema.name, for people

// Key columns in declared order; one element for a plain key.
using KeyColumns = std::vector<std::string>;

enum class FieldKind {
  text,
  identifier,
  keyword,
  enumeration,
  uuid,
  boolean,
  short_integer,
  integer,
  long_integer,
  float_number,
  double_number,
  decimal,
  date,
  timestamp,
  binary,
  json,
  custom,
};
std::string_view to_text(FieldKind kind);  // the type key of the manual: "short", "enum", …

enum class Transform { lowercase, trim };

struct FilterRaw {
  std::string sql;
};
struct FilterNull {
  std::string column;
  bool is_null = true;
};
enum class FilterOp { eq, neq, lt, lte, gt, gte, in, not_in, like, ilike, between };
struct FilterCompare {
  std::string column;
  FilterOp op = FilterOp::eq;
  std::vector<std::string> operands;  // text form; one, a list, or exactly two for between
};
struct Filter {
  std::variant<FilterRaw, FilterNull, FilterCompare> condition;
  Position at;
};
// Absent and [] differ in the content hash only.
using Filters = std::optional<std::vector<Filter>>;

struct Field;

struct ColumnField {
  std::string column;
  FieldKind kind = FieldKind::keyword;
  std::vector<std::string> custom_postgres;  // kind custom: accepted Postgres types
  std::string custom_opensearch;             // kind custom: the mapping type
  bool required = false;
  std::vector<Transform> transforms;
  std::optional<Value> default_value;
  std::vector<std::string> variants;  // kind enumeration: ordered values, may be empty
};
struct MapField {
  std::string column;
  FieldKind values = FieldKind::text;
  bool required = false;
};
struct GeoField {
  std::string column;  // single-column form, else empty
  std::string lat, lon;
  bool required = false;
};
struct ObjectField {
  std::vector<Field> fields;
};
struct ConstantField {
  Value value;
};

enum class JoinVerb { belongs_to, has_one, has_many, many_to_many };
struct OrderBy {
  std::string column;
  bool descending = false;
  bool direction_given = false;  // absent and asc differ in the content hash only
};
struct Through {
  TableRef table;
  KeyColumns left_key;   // junction → parent's primary_key
  KeyColumns right_key;  // junction → related table's primary_key
};
struct JoinField {
  JoinVerb verb = JoinVerb::has_many;
  TableRef table;
  KeyColumns primary_key;  // of the related table
  KeyColumns key;          // belongs_to: columns of the parent row; has_one/has_many: foreign key in the related table
  std::optional<Through> through;  // many_to_many only
  bool required = false;
  Filters filters;
  std::optional<std::vector<OrderBy>> order_by;
  std::optional<std::uint64_t> limit;
  std::vector<Field> fields;
};

enum class AggregateOp { count, sum, avg, min, max, ids };
struct AggregateField {
  AggregateOp op = AggregateOp::count;
  TableRef table;
  std::string column;                     // sum, avg, min, max
  std::optional<FieldKind> value_type;    // sum, min, max
  std::optional<FieldKind> element_type;  // ids
  KeyColumns foreign_key;                 // either this or through
  std::optional<Through> through;
  Filters filters;
};

struct Field {
  std::string name;  // the document key
  ValueMap options;  // extra mapping properties
  std::variant<ColumnField, MapField, GeoField, ObjectField, ConstantField, JoinField, AggregateField> source;
  Position at;
  Position options_type_at = {};  // of `type` among the options
};

struct SoftDelete {
  bool by_field = false;  // `field:` was used; `name` is then the document key, and `column` its source column
  std::string name;
  std::string column;  // the root column whose truthiness means deleted
  Filters when;
  Position at;
};

struct IndexSchema {
  int version = 1;
  TableRef table;
  KeyColumns primary_key;
  std::optional<SoftDelete> soft_delete;
  Filters filters;
  std::vector<Field> fields;
  Position at;
};

}  // namespace flusso
