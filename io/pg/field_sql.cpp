#include "io/pg/field_sql.h"

#include <fmt/format.h>

#include "io/pg/marked_text.h"
#include "io/pg/quote.h"
#include "model/value.h"

namespace flusso::pg {
namespace {

// What OpenSearch's default date format can hold; comparisons with NULL are not true, so they fall into ELSE.
std::string in_date_range(const std::string& sql, TypeFamily family) {
  if (family == TypeFamily::timestamp_tz)
    return fmt::format("{0} >= timestamptz '0001-01-01 00:00:00+00' AND {0} < timestamptz '10000-01-01 00:00:00+00'",
                       sql);
  const std::string_view type = family == TypeFamily::date ? "date" : "timestamp";
  return fmt::format("{0} >= {1} '0001-01-01' AND {0} < {1} '10000-01-01'", sql, type);
}

// NaN sorts above everything, so the upper bound excludes it too.
std::string is_finite(const std::string& sql) { return fmt::format("{0} > '-Infinity' AND {0} < 'Infinity'", sql); }

// `then` where `condition` holds, the null text for NULL, null for what the target cannot hold. Branches are of one
// type.
std::string guarded(const std::string& condition, const std::string& then, const SqlValue& value,
                    const std::string& when_null, std::string_view cast) {
  if (!value.nullable || when_null == "null")
    return fmt::format("CASE WHEN {} THEN {} ELSE 'null'{} END", condition, then, cast);
  return fmt::format("CASE WHEN {} THEN {} WHEN {} IS NULL THEN {}{} ELSE 'null'{} END", condition, then, value.sql,
                     quote_literal(when_null), cast, cast);
}

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

// A number as it is: NULL and what JSON has no number for are told apart by us (marked_text.h).
void append_marked_number(TextParts& out, const std::string& sql) {
  out.constant(std::string(1, kNumberMark));
  out.expression(sql);
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
  }
  return false;
}

std::string elements_json(const SqlValue& array, const SqlValue& element, const JsonRules& rules) {
  TextParts json;
  append_json(json, element, JsonRules{rules.target, "null"});
  const std::string list =
      fmt::format("(SELECT concat('[',string_agg({},',' ORDER BY e.n),']') FROM unnest({}) WITH ORDINALITY AS e(v,n))",
                  json.sql(), array.sql);
  if (!array.nullable) return list;
  return fmt::format("CASE WHEN {} IS NULL THEN {} ELSE {} END", array.sql, quote_literal(rules.when_null), list);
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
      else if (when_null == "null")
        append_marked_number(out, sql);
      else
        out.expression(fmt::format("coalesce({}::text,{})", sql, quote_literal(when_null)));
      return;
    case TypeFamily::floating:
    case TypeFamily::numeric:
      if (rules.target != ValueTarget::number) break;
      if (!value.nullable || when_null == "null")
        append_marked_number(out, sql);
      else
        out.expression(guarded(is_finite(sql), sql + "::text", value, when_null, ""));
      return;
    case TypeFamily::money: {
      const std::string number = sql + "::numeric";
      out.expression(value.nullable ? fmt::format("coalesce({}::text,{})", number, quote_literal(when_null)) : number);
      return;
    }
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
      out.expression(
          guarded(in_date_range(sql, value.type.family), fmt::format("to_json({})", sql), value, when_null, "::json"));
      return;
    case TypeFamily::time:
    case TypeFamily::time_tz:
      if (rules.target != ValueTarget::date) break;
      out.expression(or_null_text(fmt::format("to_json({})", time_on_epoch(value)), value, when_null));
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
  std::string condition;
  const auto require = [&condition](const std::string& test) {
    condition += (condition.empty() ? "" : " AND ") + test;
  };
  for (const SqlValue* value : {&lat, &lon}) {
    const bool can_be_infinite =
        value->type.family == TypeFamily::floating || value->type.family == TypeFamily::numeric;
    if (can_be_infinite)
      require(is_finite(value->sql));
    else if (value->nullable)
      require(value->sql + " IS NOT NULL");
  }
  TextParts point;
  point.constant("{\"lat\":");
  append_json(point, SqlValue{lat.sql, lat.type, false}, {});
  point.constant(",\"lon\":");
  append_json(point, SqlValue{lon.sql, lon.type, false}, {});
  point.constant("}");
  if (condition.empty())
    out.append(point);
  else
    out.expression(fmt::format("CASE WHEN {} THEN {} ELSE 'null' END", condition, point.sql()));
}

}  // namespace flusso::pg
