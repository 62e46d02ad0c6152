#pragma once
// The rules of what an aggregate reduces: whether Postgres can, and whether the declared type holds the result.

#include "model/check/site.h"

namespace flusso {

void check_aggregate(const Site& site, const AggregateField& aggregate, const TableFacts& table);

}  // namespace flusso
