#include "io/pg/field_sql.h"

#include <fmt/format.h>

#include "io/pg/marked_text.h"
#include "io/pg/quote.h"
#include "model/value.h"

namespace flusso::pg {
namespace {

// NaN sorts above everything, so the upper bound excludes it too. Not true for NULL.
std::string is_finite(const std::string& sql) { return fmt::format("{0} > '-Infinity' AND {0} < 'Infinity'", sql); }

// A JSON-typed expression with NULL replaced.
std::string or_null_text(const std::string& json, const SqlValue& value, const std::string& when_null) {
  return value.nullable ? fmt::format("coalesce({},{})", json, quote_literal(when_null)) : json;
}

void append_quoted(TextParts& out, const SqlValue& value, const std::string& plain, const std::string& when_null) {
  if (!value.nullable) {
    out.constant("\"");
    out.expression(plain);
    out.constant("\"");
    return;
  }
  out.expression(fmt::format("CASE WHEN {} IS NULL THEN {} ELSE concat('\"',{},'\"') END", value.sql,
                             quote_literal(when_null), plain));
}

// A string as it is: we write it as JSON (marked_text.h).
void append_measured(TextParts& out, const SqlValue& value, const std::string& when_null) {
  TextParts text;
  text.constant(std::string(1, kStringMark));
  text.expression(fmt::format("octet_length({})", value.sql));
  text.constant(":");
  text.expression(value.sql);
  if (value.nullable && when_null != "null")
    out.expression(
        fmt::format("CASE WHEN {} IS NULL THEN {} ELSE {} END", value.sql, quote_literal(when_null), text.sql()));
  else
    out.append(text);
}

// A number or a date as it is: NULL, and what the index cannot hold, are told apart by us (marked_text.h).
void append_marked(TextParts& out, char mark, const std::string& sql, const SqlValue& value,
                   const std::string& when_null) {
  TextParts marked;
  marked.constant(std::string(1, mark));
  marked.expression(sql);
  if (value.nullable && when_null != "null")
    out.expression(
        fmt::format("CASE WHEN {} IS NULL THEN {} ELSE {} END", value.sql, quote_literal(when_null), marked.sql()));
  else
    out.append(marked);
}

bool needs_elements(TypeFamily family, ValueTarget target) {
  switch (family) {
    case TypeFamily::floating:
    case TypeFamily::numeric:
      return target == ValueTarget::number;
    case TypeFamily::date:
    case TypeFamily::timestamp:
    case TypeFamily::timestamp_tz:
    case TypeFamily::time:
    case TypeFamily::time_tz:
      return target == ValueTarget::date;
    case TypeFamily::money:
    case TypeFamily::bytea:
      return true;
    case TypeFamily::integer:
    case TypeFamily::boolean:
    case TypeFamily::uuid:
    case TypeFamily::text:
    case TypeFamily::character:
    case TypeFamily::json:
    case TypeFamily::other:
      break;
    case TypeFamily::oid:
      return target == ValueTarget::number;
  }
  return false;
}

// The elements of an array of two dimensions and more, in rows. They come in order, one after the other; between two of
// them stand a comma and the brackets of the rows that end and begin there. The dimensions are asked for once (OFFSET
// keeps the planner from asking for each element).
std::string nested_elements(const std::string& json, const std::string& array) {
  constexpr int kMaxDimensions = 6;
  std::string lengths;
  std::string boundary;
  for (int dimension = 2; dimension <= kMaxDimensions; ++dimension) {
    lengths += fmt::format(",coalesce(array_length({},{}),1) AS l{}", array, dimension, dimension);
    std::string size;  // elements in one row of this dimension
    for (int inner = dimension; inner <= kMaxDimensions; ++inner)
      size += fmt::format("{}d.l{}", size.empty() ? "" : "*", inner);
    boundary += fmt::format("{}CASE WHEN d.n >= {} AND (e.n - 1) % ({}) = 0 THEN 1 ELSE 0 END",
                            boundary.empty() ? "" : " + ", dimension, size);
  }
  return fmt::format(
      "(SELECT concat(repeat('[',max(d.n)),string_agg({0},concat(repeat(']',b.k),',',repeat('[',b.k)) ORDER BY e.n),"
      "repeat(']',max(d.n))) FROM (SELECT array_ndims({1}) AS n{2} OFFSET 0) AS d CROSS JOIN unnest({1}) WITH "
      "ORDINALITY AS e(v,n) CROSS JOIN LATERAL (SELECT {3} AS k) AS b)",
      json, array, lengths, boundary);
}

std::string elements_json(const SqlValue& array, const SqlValue& element, const JsonRules& rules) {
  TextParts parts;
  append_json(parts, element, JsonRules{rules.target, "null"});
  const std::string json = parts.sql();
  const std::string when_null =
      array.nullable ? fmt::format("WHEN {} IS NULL THEN {} ", array.sql, quote_literal(rules.when_null)) : "";
  return fmt::format(
      "CASE {0}WHEN array_ndims({1}) > 1 THEN {2} ELSE (SELECT concat('[',string_agg({3},',' ORDER BY e.n),']') FROM "
      "unnest({1}) WITH ORDINALITY AS e(v,n)) END",
      when_null, array.sql, nested_elements(json, array.sql), json);
}

SqlValue element_of(const SqlValue& array) {
  return SqlValue{"e.v", SqlType{array.type.family, array.type.name, false, array.type.measurable}, true};
}

std::string time_on_epoch(const SqlValue& value) {
  if (value.type.family == TypeFamily::time) return fmt::format("(timestamp '1970-01-01' + {}::interval)", value.sql);
  return fmt::format("(date '1970-01-01' + {})", value.sql);
}

// A default as JSON: the declared target decides between a number, a boolean and a string.
std::string default_json(const Value& value, ValueTarget target) {
  const auto* text = std::get_if<std::string>(&value.data);
  const bool is_text = text != nullptr;
  if (target == ValueTarget::number && is_text && !text->empty()) {
    const bool digits =
        text->find_first_not_of("0123456789.-") == std::string::npos && text->back() != '.' && text->front() != '.';
    return digits ? *text : to_json(value);
  }
  if (target == ValueTarget::boolean && is_text) {
    if (*text == "true" || *text == "t") return "true";
    if (*text == "false" || *text == "f") return "false";
  }
  if (target == ValueTarget::other && !is_text) {
    std::string quoted;
    append_json_string(quoted, to_json(value));
    return quoted;
  }
  return to_json(value);
}

SqlValue transformed(SqlValue value, const std::vector<Transform>& transforms) {
  if (transforms.empty()) return value;
  if (value.type.family == TypeFamily::character)
    value.sql = fmt::format("(to_json({}) #>> '{{}}')", value.sql);  // ::text would lose the blanks at the end
  else if (value.type.family != TypeFamily::text)
    value.sql += "::text";
  for (const Transform transform : transforms) {
    if (transform == Transform::lowercase)
      value.sql = fmt::format("lower({})", value.sql);
    else
      value.sql = fmt::format("btrim({}, E' \\t\\n\\r\\f\\v')", value.sql);
  }
  value.type = SqlType{TypeFamily::text, "text", false, false};  // measuring would compute it twice
  return value;
}

bool is_temporal(TypeFamily family) {
  return family == TypeFamily::date || family == TypeFamily::timestamp || family == TypeFamily::timestamp_tz ||
         family == TypeFamily::time || family == TypeFamily::time_tz;
}

}  // namespace

SqlValue column_value(const ColumnInfo& column, std::string_view alias) {
  return SqlValue{fmt::format("{}.{}", alias, quote_identifier(column.name)), sql_type(column), !column.not_null};
}

void append_json(TextParts& out, const SqlValue& value, const JsonRules& rules) {
  const std::string& sql = value.sql;
  const std::string& when_null = rules.when_null;
  if (value.type.array) {
    if (needs_elements(value.type.family, rules.target))
      out.expression(elements_json(value, element_of(value), rules));
    else
      out.expression(or_null_text(fmt::format("to_json({})", sql), value, when_null));
    return;
  }
  switch (value.type.family) {
    case TypeFamily::integer:
      if (!value.nullable)
        out.expression(sql);
      else
        append_marked(out, kNumberMark, sql, value, when_null);
      return;
    case TypeFamily::floating:
    case TypeFamily::numeric:
    case TypeFamily::oid:
      if (rules.target != ValueTarget::number) break;
      append_marked(out, kNumberMark, sql, value, when_null);
      return;
    case TypeFamily::money:
      append_marked(out, kNumberMark, sql + "::numeric", value, when_null);
      return;
    case TypeFamily::boolean:
      out.expression(value.nullable ? fmt::format("CASE WHEN {0} THEN 'true' WHEN NOT {0} THEN 'false' ELSE {1} END",
                                                  sql, quote_literal(when_null))
                                    : fmt::format("CASE WHEN {} THEN 'true' ELSE 'false' END", sql));
      return;
    case TypeFamily::uuid:
      append_quoted(out, value, sql, when_null);
      return;
    case TypeFamily::date:
    case TypeFamily::timestamp:
    case TypeFamily::timestamp_tz:
      if (rules.target != ValueTarget::date) break;
      append_marked(out, kDateMark, sql, value, when_null);
      return;
    case TypeFamily::time:
    case TypeFamily::time_tz:
      if (rules.target != ValueTarget::date) break;
      append_marked(out, kDateMark, time_on_epoch(value), value, when_null);
      return;
    case TypeFamily::bytea:
      append_quoted(out, value, fmt::format("translate(encode({},'base64'),E'\\n','')", sql), when_null);
      return;
    case TypeFamily::json:
      out.expression(or_null_text(sql, value, when_null));
      return;
    case TypeFamily::text:
      if (!value.type.measurable) break;
      append_measured(out, value, when_null);
      return;
    case TypeFamily::character:
    case TypeFamily::other:
      break;
  }
  out.expression(or_null_text(fmt::format("to_json({})", sql), value, when_null));
}

void append_column_field(TextParts& out, const ColumnField& field, const SqlValue& value) {
  JsonRules rules;
  rules.target = field.kind == FieldKind::custom ? value_target(field.custom_opensearch) : value_target(field.kind);
  SqlValue shown = value;
  if (field.default_value && value.nullable) {
    const auto* text = std::get_if<std::string>(&field.default_value->data);
    if (text != nullptr && is_temporal(value.type.family) && !value.type.array) {
      // The server reads and writes it like a stored value, so that both look alike.
      shown.sql = fmt::format("coalesce({},{}::{})", value.sql, quote_literal(*text), value.type.name);
      shown.nullable = false;
    } else {
      rules.when_null = field.kind == FieldKind::json ? to_json(*field.default_value)
                                                      : default_json(*field.default_value, rules.target);
    }
  }
  if (!field.transforms.empty() && value.type.array) {
    out.expression(elements_json(shown, transformed(element_of(shown), field.transforms), rules));
    return;
  }
  append_json(out, transformed(std::move(shown), field.transforms), rules);
}

void append_geo_point(TextParts& out, const SqlValue& lat, const SqlValue& lon) {
  std::string writable;
  std::string present;
  bool can_be_infinite = false;
  const auto require = [](std::string& condition, const std::string& test) {
    condition += (condition.empty() ? "" : " AND ") + test;
  };
  for (const SqlValue* value : {&lat, &lon}) {
    const bool finite = value->type.family != TypeFamily::floating && value->type.family != TypeFamily::numeric;
    can_be_infinite = can_be_infinite || !finite;
    if (value->nullable) require(present, value->sql + " IS NOT NULL");
    if (!finite)
      require(writable, is_finite(value->sql));
    else if (value->nullable)
      require(writable, value->sql + " IS NOT NULL");
  }
  TextParts point;
  point.constant("{\"lat\":");
  append_json(point, SqlValue{lat.sql, lat.type, false}, {});
  point.constant(",\"lon\":");
  append_json(point, SqlValue{lon.sql, lon.type, false}, {});
  point.constant("}");
  const std::string lost = quote_literal(std::string(1, kNotFiniteMark));
  if (writable.empty())
    out.append(point);
  else if (!can_be_infinite)
    out.expression(fmt::format("CASE WHEN {} THEN {} ELSE 'null' END", writable, point.sql()));
  else if (present.empty())
    out.expression(fmt::format("CASE WHEN {} THEN {} ELSE {} END", writable, point.sql(), lost));
  else
    out.expression(
        fmt::format("CASE WHEN {} THEN {} WHEN {} THEN {} ELSE 'null' END", writable, point.sql(), present, lost));
}

}  // namespace flusso::pg
