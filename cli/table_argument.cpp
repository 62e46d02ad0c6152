#include "cli/table_argument.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "model/schema/names.h"
#include "model/words.h"

namespace flusso::cli {
namespace {

// The parts of a name, cut at dots outside double quotes.
std::vector<std::string> parts_of(std::string_view given) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (const char c : given) {
    if (c == '"') quoted = !quoted;
    if (c == '.' && !quoted)
      parts.emplace_back();
    else
      parts.back().push_back(c);
  }
  return parts;
}

std::string names_of(const std::set<TableRef>& tables) {
  std::string out;
  for (const TableRef& table : tables) out += (out.empty() ? "" : ", ") + to_text(table);
  return out;
}

}  // namespace

Result<TableRef> find_table(std::string_view given, const std::vector<IndexPlan>& indexes) {
  std::vector<std::string> parts = parts_of(given);
  if (parts.size() > 2)
    return fail(ErrorKind::config, "config.table_name",
                fmt::format("`{}` is no table name; write table or schema.table", given));
  for (std::string& part : parts) {
    const NameResult name = parse_postgres_name(part);
    if (!name)
      return fail(ErrorKind::config, "config.table_name",
                  fmt::format("`{}` is not a valid name: {}", part, name.error()));
    part = *name;
  }
  std::set<TableRef> known;
  for (const IndexPlan& index : indexes)
    for (const TableRef& table : tables_of(index.schema)) known.insert(table);
  std::set<TableRef> matching;
  for (const TableRef& table : known)
    if (table.name == parts.back() && (parts.size() == 1 || table.schema == parts.front())) matching.insert(table);
  if (matching.size() == 1) return *matching.begin();
  if (matching.size() > 1)
    return fail(ErrorKind::config, "config.table_ambiguous",
                fmt::format("`{}` may be one of {}; name the schema", given, names_of(matching)));
  std::vector<std::string_view> names;
  for (const TableRef& table : known) names.push_back(table.name);
  const std::string near = did_you_mean(parts.back(), names);
  return fail(ErrorKind::config, "config.table_unknown",
              fmt::format("no enabled index reads a table `{}`{}", given,
                          near.empty() ? "; the indexes read " + names_of(known) : "; " + near));
}

}  // namespace flusso::cli
