#include "io/config/filters.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/config/identifiers.h"
#include "io/config/section.h"
#include "io/config/values.h"
#include "model/words.h"

namespace flusso::config {

namespace {

struct Operator {
  enum class Shape { none, scalar, list, range } shape;
  FilterOp op;  // unused for shape none
  bool is_null = false;
};

const std::vector<std::pair<std::string_view, Operator>>& operators() {
  using enum Operator::Shape;
  static const std::vector<std::pair<std::string_view, Operator>> kOperators = {
      {"eq", {scalar, FilterOp::eq}},
      {"neq", {scalar, FilterOp::neq}},
      {"lt", {scalar, FilterOp::lt}},
      {"lte", {scalar, FilterOp::lte}},
      {"gt", {scalar, FilterOp::gt}},
      {"gte", {scalar, FilterOp::gte}},
      {"in", {list, FilterOp::in}},
      {"not_in", {list, FilterOp::not_in}},
      {"like", {scalar, FilterOp::like}},
      {"ilike", {scalar, FilterOp::ilike}},
      {"between", {range, FilterOp::between}},
      {"is_null", {none, FilterOp::eq, true}},
      {"is_not_null", {none, FilterOp::eq, false}},
  };
  return kOperators;
}

// The text of one scalar operand as it is bound; anything else is reported.
std::optional<std::string> read_operand(Reading& reading, const Node& node, std::string_view op) {
  if (const std::string* text = node.text()) {
    if (text->find('\0') == std::string::npos) return *text;
    reading.error(node.at, fmt::format("the value of `{}` contains a NUL character, which Postgres cannot hold", op));
    return std::nullopt;
  }
  if (const bool* value = std::get_if<bool>(&node.data)) return *value ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&node.data)) return std::to_string(*number);
  if (const auto* digits = std::get_if<Digits>(&node.data)) return digits->text;
  if (node.is_null())
    reading.error(node.at, fmt::format("null cannot be compared with `{}`", op), {},
                  "use `op: is_null` or `op: is_not_null`");
  else
    reading.error(node.at, fmt::format("the value of `{}` is {}", op, kind_of(node)), "a string, number or boolean");
  return std::nullopt;
}

std::vector<std::string> read_operands(Reading& reading, const Node& node, std::string_view op, const Operator& how) {
  std::vector<std::string> operands;
  const bool range = how.shape == Operator::Shape::range;
  if (how.shape == Operator::Shape::scalar) {
    if (auto text = read_operand(reading, node, op)) operands.push_back(std::move(*text));
    return operands;
  }
  const auto* list = node.list();
  const std::string expected = range ? "a list of exactly two values" : "a list of at least one value";
  if (list == nullptr) {
    reading.error(node.at, fmt::format("the value of `{}` is {}", op, kind_of(node)), expected);
    return operands;
  }
  if (range ? list->size() != 2 : list->empty()) {
    const std::string count =
        list->empty() ? "is empty" : fmt::format("has {} value{}", list->size(), list->size() == 1 ? "" : "s");
    reading.error(node.at, fmt::format("the list of `{}` {}", op, count), expected);
    return operands;
  }
  for (const Node& item : *list)
    if (auto text = read_operand(reading, item, op)) operands.push_back(std::move(*text));
  if (operands.size() != list->size()) operands.clear();
  return operands;
}

std::optional<Filter> read_raw(Reading& reading, Section& section, const Entry& entry) {
  const auto sql = read_string(reading, entry.value, "`raw`");
  section.refuse("column", "a `raw` filter takes no `column`");
  section.refuse("op", "a `raw` filter takes no `op`");
  section.refuse("value", "a `raw` filter takes no `value`");
  section.finish();
  if (!sql) return std::nullopt;
  if (sql->find_first_not_of(" \t\r\n") == std::string::npos) {
    reading.error(entry.value.at, "`raw` is empty", "an SQL condition");
    return std::nullopt;
  }
  if (sql->find('\0') != std::string::npos) {
    reading.error(entry.value.at, "`raw` contains a NUL character", "an SQL condition");
    return std::nullopt;
  }
  return Filter{FilterRaw{*sql}, reading.at(entry.at)};
}

std::optional<Filter> read_condition(Reading& reading, Section& section) {
  std::optional<std::string> column;
  if (const Node* node = section.required("column", "the name of a column"))
    column = read_identifier(reading, *node, "`column`");
  std::optional<Operator> how;
  const Node* op_node = section.required("op", "an operator such as `eq`");
  if (op_node != nullptr) how = read_choice(reading, *op_node, "`op`", operators());
  const Entry* value = section.entry("value");
  section.finish();
  if (!how) return std::nullopt;
  const std::string op = *op_node->text();
  if (how->shape == Operator::Shape::none) {
    if (value != nullptr) {
      reading.error(value->at, fmt::format("`{}` takes no `value`", op));
      return std::nullopt;
    }
    if (!column) return std::nullopt;
    return Filter{FilterNull{*column, how->is_null}, reading.at(section.at())};
  }
  if (value == nullptr) {
    reading.error(section.at(), fmt::format("the filter is missing `value`, which `{}` compares with", op));
    return std::nullopt;
  }
  std::vector<std::string> operands = read_operands(reading, value->value, op, *how);
  if (!column || operands.empty()) return std::nullopt;
  return Filter{FilterCompare{*column, how->op, std::move(operands)}, reading.at(section.at())};
}

std::optional<Filter> read_filter(Reading& reading, const Node& node) {
  Section section(reading, node, "the filter");
  if (!section.usable()) return std::nullopt;
  const auto& entries = *node.mapping();
  const auto raw = std::find_if(entries.begin(), entries.end(), [](const Entry& entry) { return entry.key == "raw"; });
  const bool condition = std::any_of(entries.begin(), entries.end(),
                                     [](const Entry& entry) { return entry.key == "column" || entry.key == "op"; });
  if (raw == entries.end() && !condition) {
    const std::string hint = entries.empty() ? "" : did_you_mean(entries.front().key, {"raw", "column", "op"});
    reading.error(node.at, "this is no filter", "`raw`, or `column` and `op`", hint);
    return std::nullopt;
  }
  if (raw == entries.end()) return read_condition(reading, section);
  section.entry("raw");
  return read_raw(reading, section, *raw);
}

}  // namespace

Filters read_filters(Reading& reading, const Node& node, std::string_view what) {
  const auto* list = node.list();
  if (list == nullptr) {
    reading.error(node.at, fmt::format("{} is {}", what, kind_of(node)), "a list of filters");
    return std::nullopt;
  }
  std::vector<Filter> filters;
  for (const Node& item : *list)
    if (auto filter = read_filter(reading, item)) filters.push_back(std::move(*filter));
  return filters;
}

}  // namespace flusso::config
