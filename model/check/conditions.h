#pragma once
// The columns of filters and `order_by`. Whether an operand is a value of its column's type only Postgres knows
// (io/pg/check/probes).

#include "model/check/site.h"

namespace flusso {

void check_filters(const Site& site, const Filters& filters, const TableFacts& table);
void check_order(const Site& site, const std::optional<std::vector<OrderBy>>& order, const TableFacts& table);

}  // namespace flusso
