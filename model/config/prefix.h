#pragma once
// The prefix of every index name that a deployment owns, so that several can share one cluster.

#include <string>
#include <string_view>

namespace flusso {

// Why the prefix would give a name that OpenSearch refuses; empty when it is fine (the empty prefix is).
std::string prefix_problem(std::string_view prefix);

}  // namespace flusso
