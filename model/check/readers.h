#pragma once
// Which indexes and fields read a table: where a finding about the table belongs.

#include <string>
#include <vector>

#include "model/plan.h"

namespace flusso {

struct TableReader {
  std::string index;
  std::string field;  // dotted path of the relation, empty for the root
  Position at;
};

// In the order of the indexes and their fields.
std::vector<TableReader> readers_of(const TableRef& table, const std::vector<IndexPlan>& indexes);

// "users.orders, users.orderCount, orders": at most ten.
std::string names_of(const std::vector<TableReader>& readers);

}  // namespace flusso
