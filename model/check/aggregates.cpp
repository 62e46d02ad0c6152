#include "model/check/aggregates.h"

#include <fmt/format.h>

#include "model/check/column_types.h"

namespace flusso {
namespace {

std::string_view name_of(AggregateOp op) {
  switch (op) {
    case AggregateOp::count:
      return "count";
    case AggregateOp::sum:
      return "sum";
    case AggregateOp::avg:
      return "avg";
    case AggregateOp::min:
      return "min";
    case AggregateOp::max:
      return "max";
    case AggregateOp::ids:
      return "ids";
  }
  return "count";
}

ValueType built_in(std::string_view name) {
  return ValueType{0, std::string(name), 'N', 'b', false, std::string(name)};
}

// What sum() makes of a type.
ValueType sum_of(const ValueType& type) {
  if (type.is("int2") || type.is("int4")) return built_in("int8");
  if (type.is("int8")) return built_in("numeric");
  return type;
}

bool can_be_ordered(const ValueType& type) {
  return !type.is("json") && !type.is("xml") && !type.is("point") && !type.is("box") && !type.is("polygon") &&
         !type.is("line") && !type.is("lseg") && !type.is("path") && !type.is("circle");
}

bool is_whole(FieldKind kind) {
  return kind == FieldKind::short_integer || kind == FieldKind::integer || kind == FieldKind::long_integer;
}

// A key as an element of `ids`: its own type, a wider number, or its text.
bool holds_key(FieldKind kind, const ValueType& type) {
  if (kind == FieldKind::keyword || kind == FieldKind::text || kind == FieldKind::identifier) return true;
  if (accepts(kind, type)) return true;
  if (type.is("int2")) return is_whole(kind);
  return type.is("int4") && kind == FieldKind::long_integer;
}

void check_result(const Site& site, const AggregateField& aggregate, const TableFacts& table, const ColumnInfo& column,
                  const ValueType& type) {
  const FieldKind declared = aggregate.value_type.value_or(FieldKind::decimal);
  const ValueType result = aggregate.op == AggregateOp::sum ? sum_of(type) : type;
  if (accepts(declared, result)) return;
  if (!accepts(declared, type)) {
    site.error(fmt::format("type mismatch: `value_type: {}` takes {}, {} of column {} ({}) gives {}; {}",
                           to_text(declared), accepted_types(declared), name_of(aggregate.op),
                           column_text(table, column), column.type, result.written, fitting_declaration(result)));
  } else if (declared != FieldKind::long_integer) {
    site.warning(fmt::format("the sum of column {} ({}) is a {}, which may not fit `value_type: {}`; declare `long`",
                             column_text(table, column), column.type, result.written, to_text(declared)));
  }
}

void check_ids(const Site& site, const AggregateField& aggregate, const TableFacts& table) {
  const KeyColumns& key = table.info.primary_key;
  const FieldKind declared = aggregate.element_type.value_or(FieldKind::keyword);
  if (key.size() > 1) {
    if (declared == FieldKind::keyword || declared == FieldKind::text || declared == FieldKind::identifier) return;
    site.error(
        fmt::format("`ids` over the composite key of {} gives texts, `element_type: {}` does not hold them; "
                    "declare `element_type: keyword`",
                    to_text(table.info.table), to_text(declared)));
    return;
  }
  const ColumnInfo* column = key.empty() ? nullptr : table.info.column(key.front());
  if (column == nullptr) return;
  const ValueType type = value_type(*column, *site.facts);
  if (!holds_key(declared, type))
    site.error(fmt::format("type mismatch: `element_type: {}` does not hold the primary key {} ({}); declare `{}`",
                           to_text(declared), column_text(table, *column), column->type,
                           type.is_integer() ? "long" : "keyword"));
}

}  // namespace

void check_aggregate(const Site& site, const AggregateField& aggregate, const TableFacts& table) {
  if (aggregate.op == AggregateOp::count) return;
  if (aggregate.op == AggregateOp::ids) {
    check_ids(site, aggregate, table);
    return;
  }
  const ColumnInfo* column = find_column(site, table, aggregate.column, "`column`");
  if (column == nullptr) return;
  const ValueType type = value_type(*column, *site.facts);
  const bool adds = aggregate.op == AggregateOp::sum || aggregate.op == AggregateOp::avg;
  if (adds && (type.array || !(type.is_number() || type.is("money")))) {
    site.error(fmt::format("{} takes numbers, column {} is {}; name a numeric column", name_of(aggregate.op),
                           column_text(table, *column), column->type));
    return;
  }
  if (!adds && !can_be_ordered(type)) {
    site.error(fmt::format("{} needs values that can be ordered, column {} is {}; name another column",
                           name_of(aggregate.op), column_text(table, *column), column->type));
    return;
  }
  if (aggregate.op != AggregateOp::avg) check_result(site, aggregate, table, *column, type);
}

}  // namespace flusso
