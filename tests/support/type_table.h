#pragma once
// The tables of tests/golden/types: which JSON each Postgres type becomes under each declared type. The same files are
// the expectations of the tests on a server and the examples in docs/reference/types.md.
//
// One case per line, columns between tabs, '#' begins a comment; the first comment is the table's title.
//   values:      type, target, value in SQL, JSON [, loss]
//   aggregates:  type, aggregate, target, values in SQL between bars, JSON [, loss]
// A target is a type of the schema file, or custom: and an OpenSearch type. A loss is the label under which the value
// is counted (model/value_losses.h).

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/support/files.h"

namespace flusso::test {

struct TypeCase {
  std::string type;
  std::string aggregate;  // empty for a plain value
  std::string target;
  std::string value;
  std::string json;
  std::string loss;  // empty: nothing is lost
};

struct TypeTable {
  std::string name;  // of the file, without its ending
  std::string title;
  std::vector<TypeCase> cases;
};

inline const std::vector<std::string>& value_tables() {
  static const std::vector<std::string> names = {"numbers", "texts", "times", "json_and_bytes", "arrays", "others"};
  return names;
}

inline std::string type_file(const std::string& name) { return source_path("tests/golden/types/" + name); }

inline TypeTable read_type_table(const std::string& name) {
  TypeTable table;
  table.name = name;
  std::istringstream lines(read_file(type_file(name + ".tsv")));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) {
      if (table.title.empty()) table.title = line.substr(2);
      continue;
    }
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == '\t')
        cells.emplace_back();
      else
        cells.back() += c;
    }
    TypeCase one;
    std::size_t at = 0;
    const std::size_t wanted = name == "aggregates" ? 5 : 4;
    if (cells.size() != wanted && cells.size() != wanted + 1) {
      ADD_FAILURE() << name << ".tsv: " << cells.size() << " columns in: " << line;
      continue;
    }
    one.type = cells[at++];
    if (name == "aggregates") one.aggregate = cells[at++];
    one.target = cells[at++];
    one.value = cells[at++];
    one.json = cells[at++];
    if (at < cells.size()) one.loss = cells[at];
    table.cases.push_back(std::move(one));
  }
  EXPECT_FALSE(table.cases.empty()) << name;
  return table;
}

}  // namespace flusso::test
