#include "model/check/keys.h"

#include <fmt/format.h>

#include "model/check/column_types.h"
#include "model/check/sql_text.h"
#include "model/unique_key.h"

namespace flusso {
namespace {

// Whether changes have to name the column: then it must be in the stream.
enum class InStream { no, yes };

bool columns_exist(const Site& site, const TableFacts& table, const KeyColumns& columns, std::string_view role,
                   InStream in_stream) {
  bool all = true;
  for (const std::string& name : columns) {
    const ColumnInfo* column = find_column(site, table, name, role);
    if (column == nullptr) {
      all = false;
    } else if (column->generated && in_stream == InStream::yes) {
      site.error(
          fmt::format("{} names {}, a generated column, and those are not replicated: changes would not find "
                      "their documents; name a plain column",
                      role, column_text(table, *column)));
      all = false;
    }
  }
  return all;
}

std::string make_unique(const TableFacts& table, const KeyColumns& columns) {
  if (table.info.primary_key.empty())
    return fmt::format("run ALTER TABLE {} ADD PRIMARY KEY ({});", quoted(table.info.table), quoted_list(columns));
  return fmt::format("name the primary key ({}), or run CREATE UNIQUE INDEX CONCURRENTLY ON {} ({});",
                     plain_list(table.info.primary_key), quoted(table.info.table), quoted_list(columns));
}

// Equal positions of two column lists, compared with =.
bool check_comparable(const Site& site, const TableFacts& left, const KeyColumns& left_columns, const TableFacts& right,
                      const KeyColumns& right_columns) {
  bool possible = true;
  for (std::size_t i = 0; i < left_columns.size() && i < right_columns.size(); ++i) {
    const ColumnInfo* a = left.info.column(left_columns[i]);
    const ColumnInfo* b = right.info.column(right_columns[i]);
    if (a == nullptr || b == nullptr) continue;
    const Comparison how = comparison(value_type(*a, *site.facts), value_type(*b, *site.facts));
    if (how == Comparison::direct) continue;
    const std::string both =
        fmt::format("{} is {}, {} is {}", column_text(left, *a), a->type, column_text(right, *b), b->type);
    if (how == Comparison::none) {
      site.error(fmt::format("the keys do not compare: {}; give both columns one type, or name other columns", both));
      possible = false;
    } else {
      site.warning(
          fmt::format("the keys have different types: {}; each comparison converts one of them and cannot use "
                      "its index: give both columns one type",
                      both));
    }
  }
  return possible;
}

bool check_junction(const Site& site, const Through& through, const KeyedTable& parent, const TableFacts& far,
                    const KeyColumns& far_key) {
  const TableFacts* junction = find_table(site, through.table, "`through`");
  if (junction == nullptr) return false;
  const bool left = columns_exist(site, *junction, through.left_key, "`left_key`", InStream::yes);
  const bool right = columns_exist(site, *junction, through.right_key, "`right_key`", InStream::no);
  bool found = left && right;
  if (left && parent.table != nullptr)
    found = check_comparable(site, *junction, through.left_key, *parent.table, *parent.key) && found;
  if (right) found = check_comparable(site, *junction, through.right_key, far, far_key) && found;
  return found;
}

}  // namespace

void check_root_key(const Site& site, const KeyColumns& key, const TableFacts& table) {
  if (key.empty()) {
    const KeyColumns& own = table.info.primary_key;
    site.error(fmt::format("no `primary_key` is named, so nothing identifies a document; {}",
                           own.empty() ? "give table " + to_text(table.info.table) + " a primary key and name it"
                                       : fmt::format("add `primary_key: {}`",
                                                     own.size() == 1 ? own.front() : "[" + plain_list(own) + "]")));
    return;
  }
  if (!columns_exist(site, table, key, "`primary_key`", InStream::yes)) return;
  if (!is_unique(table.info, key))
    site.at_part(FindingPart::field, site.at)
        .error(fmt::format("`primary_key` ({}) is not unique in {}: rows that share a key overwrite each other's "
                           "document; {}",
                           plain_list(key), to_text(table.info.table), make_unique(table, key)));
  for (const std::string& name : key) {
    const ColumnInfo* column = table.info.column(name);
    if (column == nullptr || column->not_null) continue;
    site.warning(
        fmt::format("`primary_key` column {} is nullable, and a row with NULL there has no document; run ALTER "
                    "TABLE {} ALTER COLUMN {} SET NOT NULL;",
                    column_text(table, *column), quoted(table.info.table), quoted(name)));
  }
}

bool check_join_keys(const Site& site, const JoinField& join, const KeyedTable& parent, const TableFacts& table) {
  const bool points_there = join.verb == JoinVerb::belongs_to || join.through.has_value();
  bool found =
      columns_exist(site, table, join.primary_key, "`primary_key`", points_there ? InStream::yes : InStream::no);
  if (found && !is_unique(table.info, join.primary_key))
    site.warning(fmt::format("`primary_key` ({}) is not unique in {}: {}; {}", plain_list(join.primary_key),
                             to_text(table.info.table),
                             join.verb == JoinVerb::belongs_to ? "of several rows the first is taken"
                             : join.through                    ? "a link may bring in several rows"
                                                               : "it does not tell the related rows apart",
                             make_unique(table, join.primary_key)));
  if (join.verb == JoinVerb::belongs_to) {
    if (parent.table == nullptr) return false;
    const bool own = columns_exist(site, *parent.table, join.key, "`column`", InStream::no);
    return found && own && check_comparable(site, *parent.table, join.key, table, join.primary_key);
  }
  if (join.through) return check_junction(site, *join.through, parent, table, join.primary_key) && found;
  const bool own = columns_exist(site, table, join.key, "`foreign_key`", InStream::yes);
  return own && parent.table != nullptr && check_comparable(site, table, join.key, *parent.table, *parent.key) && found;
}

bool check_aggregate_keys(const Site& site, const AggregateField& aggregate, const KeyedTable& parent,
                          const TableFacts& table) {
  const KeyColumns& own = table.info.primary_key;
  const bool needs_key = aggregate.through.has_value() || aggregate.op == AggregateOp::ids;
  if (needs_key && own.empty()) {
    site.error(
        fmt::format("{} needs the primary key of table {}, which has none; run ALTER TABLE {} ADD PRIMARY KEY "
                    "(…);",
                    aggregate.through ? "`through`" : "`ids`", to_text(table.info.table), quoted(table.info.table)));
    return false;
  }
  if (!aggregate.through) {
    return columns_exist(site, table, aggregate.foreign_key, "`foreign_key`", InStream::yes) &&
           parent.table != nullptr && check_comparable(site, table, aggregate.foreign_key, *parent.table, *parent.key);
  }
  if (aggregate.through->right_key.size() != own.size()) {
    site.error(
        fmt::format("`right_key` has {} column(s), the primary key of {} is ({}); name as many columns, in the "
                    "same order",
                    aggregate.through->right_key.size(), to_text(table.info.table), plain_list(own)));
    return false;
  }
  return check_junction(site, *aggregate.through, parent, table, own);
}

}  // namespace flusso
