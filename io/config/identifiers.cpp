#include "io/config/identifiers.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/config/values.h"
#include "model/schema/names.h"

namespace flusso::config {

namespace {

std::optional<std::string> accept(Reading& reading, const Node& node, std::string_view what, NameResult name) {
  if (name) return std::move(*name);
  const std::string& text = *node.text();
  const std::string shown = text.size() > 2 * kMaxNameBytes ? "" : fmt::format(" `{}`", text);
  reading.error(node.at, fmt::format("{}{} is not a valid name: {}", what, shown, name.error()));
  return std::nullopt;
}

}  // namespace

std::optional<std::string> read_identifier(Reading& reading, const Node& node, std::string_view what) {
  const auto text = read_string(reading, node, what);
  if (!text) return std::nullopt;
  return accept(reading, node, what, parse_postgres_name(*text));
}

KeyColumns read_key(Reading& reading, const Node& node, std::string_view what) {
  const std::string unreadable(kUnreadable);
  const auto* list = node.list();
  if (list == nullptr && node.text() != nullptr) return {read_identifier(reading, node, what).value_or(unreadable)};
  if (list == nullptr || list->empty()) {
    reading.error(node.at, fmt::format("{} is {}", what, list == nullptr ? kind_of(node) : "an empty list"),
                  "a column or a list of columns");
    return {unreadable};
  }
  KeyColumns columns;
  for (const Node& item : *list) {
    std::string column = read_identifier(reading, item, fmt::format("an element of {}", what)).value_or(unreadable);
    if (column != unreadable && std::find(columns.begin(), columns.end(), column) != columns.end()) {
      const bool same = std::any_of(list->data(), &item, [&](const Node& other) {
        return other.text() != nullptr && *other.text() == *item.text();
      });
      reading.error(item.at, fmt::format("{} names the column `{}` twice{}", what, column,
                                         same ? "" : ": unquoted names are folded to lower case"));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

std::optional<std::string> read_field_name(Reading& reading, const Node& node, std::string_view what) {
  const auto text = read_string(reading, node, what);
  if (!text) return std::nullopt;
  return accept(reading, node, what, parse_field_name(*text));
}

TableRef read_table(Reading& reading, Section& section, const std::string& default_schema) {
  TableRef table{default_schema, {}};
  if (const Node* node = section.required("table", "the name of a table"))
    if (auto name = read_identifier(reading, *node, "`table`")) table.name = std::move(*name);
  if (const Node* node = section.optional("schema"))
    if (auto name = read_identifier(reading, *node, "`schema`")) table.schema = std::move(*name);
  return table;
}

}  // namespace flusso::config
