#pragma once
// The names this sink gives to things in the cluster: with prefix P, index L and schema hash H the hash alias is P L _
// H, a concrete index ("generation") that plus _n, the convenience alias P L, the bookkeeping index P flusso_meta.

#include <optional>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/plan.h"

namespace flusso::opensearch {

std::string hash_alias(std::string_view prefix, const IndexPlan& plan);
std::string generation_index(std::string_view hash_alias, Generation generation);
// The generation that `index` is of `hash_alias`; nothing for any other name (also for numbers with leading zeros).
std::optional<Generation> generation_of(std::string_view index, std::string_view hash_alias);
// True when `index` is some generation of that logical name, whatever its schema hash: {prefix}{name}_{8 hex}_{n}.
bool is_generation_of_name(std::string_view index, std::string_view prefix, std::string_view name);

}  // namespace flusso::opensearch
