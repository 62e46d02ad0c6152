#pragma once
// The concrete indexes of one hash alias, and who holds an alias. Reads and single steps only; the order of steps is
// os_index_admin's. Thread: control only.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/opensearch/cluster.h"
#include "model/ids.h"

namespace flusso::opensearch {

// Existing generations with the UUIDs of their indexes.
using Generations = std::map<Generation, std::string>;

// Error os.alias_is_index when a concrete index has the alias's name.
Result<Generations> list_generations(Cluster& cluster, const std::string& hash_alias);

// Concrete indexes that hold the alias, none when it does not exist.
Result<std::vector<std::string>> alias_holders(Cluster& cluster, const std::string& alias);

// One alias to be moved from some indexes to another.
struct AliasMove {
  std::string alias;
  std::vector<std::string> from;
  std::string to;
};
// All moves in one atomic call; nothing happens when an index to be left does not hold its alias any more (http.404).
Status move_aliases(Cluster& cluster, const std::vector<AliasMove>& moves);

}  // namespace flusso::opensearch
