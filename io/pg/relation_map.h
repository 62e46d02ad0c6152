#pragma once
// From relations of the stream to tables of the plan: where each planned column stands in a relation's rows, and what a
// relation no longer keeps of what the plan was compiled from. Replaced on every Relation message, because columns
// come, go and move. One relation may be several tables of the plan: a partition and the table it belongs to.
// Thread: one (capture). Pure.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/pg/pgoutput.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

struct MappedRelation {
  TableId table;
  std::size_t columns = 0;              // in a row of the stream
  std::vector<std::int32_t> positions;  // per planned column: its position in the row, -1 = it has no such column
  std::vector<bool> in_identity;        // per planned column: an old row's value is the old row's
  std::vector<bool> boolean;            // per planned column: its texts are t and f
  bool root_for_leaves = false;         // published as one table: even a whole old row has only its identity columns
};

class RelationMap {
 public:
  // The plan must outlive the map.
  explicit RelationMap(const Plan& plan) : plan_(plan) {}

  // Takes a Relation message about rows of these tables (none: not ours). Gives what the plan can no longer rely on.
  std::vector<TableGap> learn(const PgOutputMessage& relation, const std::vector<TableId>& tables);
  // Nothing when the relation is none of the plan's tables; `known` tells whether it was announced at all.
  const std::vector<MappedRelation>& find(std::uint32_t oid) const;
  bool known(std::uint32_t oid) const { return relations_.contains(oid); }
  void clear() { relations_.clear(); }

  // The planned columns of a row, in plan order; booleans as true and false, as they stand in keys. Errors: permanent
  // pg.protocol when the row has another width.
  static Status project(const MappedRelation& relation, const Tuple& row, bool identity_only,
                        std::vector<FieldText>& out);

 private:
  MappedRelation map(const PgOutputMessage& relation, TableId table, std::vector<TableGap>& gaps) const;

  const Plan& plan_;
  std::unordered_map<std::uint32_t, std::vector<MappedRelation>> relations_;  // empty: not ours
};

}  // namespace flusso::pg
