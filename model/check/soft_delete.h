#pragma once
// The rules of `soft_delete`: a boolean column deletes when true, any other when it is not null.

#include "model/check/site.h"

namespace flusso {

void check_soft_delete(const Site& site, const SoftDelete& rule, const TableFacts& table);

}  // namespace flusso
