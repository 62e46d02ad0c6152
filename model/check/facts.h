#pragma once
// What a database says about the tables of a deployment, as far as `check` wants to know: io/pg asks, the rules of this
// folder judge. Pure data.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/table_info.h"

namespace flusso {

struct IndexFacts {
  std::string name;
  KeyColumns columns;  // leading plain columns, before the first expression
};

struct TableFacts {
  TableInfo info;
  std::string unsupported;  // why its changes cannot be followed, e.g. "a view"; empty when they can
  bool schema_usable = true;
  bool readable = true;
  bool rows_hidden = false;         // row level security
  std::vector<IndexFacts> indexes;  // valid and not partial

  bool usable() const { return unsupported.empty() && schema_usable && readable && !rows_hidden; }
};

// An element of an array type, domains resolved.
struct ElementFacts {
  std::uint32_t oid = 0;
  std::string name;
  char category = 'U';
  char kind = 'b';
};

struct DatabaseFacts {
  std::string role;
  std::vector<TableFacts> tables;  // those that exist
  std::vector<TableRef> names;     // of all tables, for suggestions; empty when no table is missing
  std::map<std::uint32_t, std::vector<std::string>> enum_labels;  // by type oid, in their order
  std::map<std::uint32_t, ElementFacts> elements;                 // by the array type's oid

  const TableFacts* find(const TableRef& table) const {
    for (const TableFacts& facts : tables)
      if (facts.info.table == table) return &facts;
    return nullptr;
  }
};

}  // namespace flusso
