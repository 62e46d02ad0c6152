#pragma once
// From relations of the stream to tables of the plan: which relation is which table, and where each planned column
// stands in its rows. Replaced on every Relation message, because columns come, go and move.
// Thread: one (capture).

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
  std::size_t columns = 0;               // in a row of the stream
  std::vector<std::uint16_t> positions;  // per planned column: its position in the row
  std::vector<bool> in_identity;         // per planned column
};

class RelationMap {
 public:
  // The plan must outlive the map.
  explicit RelationMap(const Plan& plan) : plan_(plan) {}

  // Takes a Relation message. Errors: permanent pg.column_missing, naming the table and the columns.
  Status learn(const PgOutputMessage& relation);
  // Null when the relation is none of the plan's tables; `known` tells whether it was announced at all.
  const MappedRelation* find(std::uint32_t oid) const;
  bool known(std::uint32_t oid) const { return relations_.contains(oid); }
  void clear() { relations_.clear(); }

  // The planned columns of a row, in plan order. Errors: permanent pg.protocol when the row has another width.
  static Status project(const MappedRelation& relation, const Tuple& row, bool identity_only,
                        std::vector<FieldText>& out);

 private:
  const Plan& plan_;
  std::unordered_map<std::uint32_t, std::optional<MappedRelation>> relations_;  // absent value: not ours
};

}  // namespace flusso::pg
