#pragma once
// The relations of one row as LATERAL subqueries. What reads the same related rows is fused into one subquery: a list
// and all aggregates over (table, key, junction) are one index scan. Members with other filters join such a subquery
// through FILTER (WHERE …) when one member reads all rows anyway. Lists with a limit and to-one joins stand alone.
// Thread: one.

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/pg/row_renderer.h"
#include "io/pg/text_parts.h"
#include "model/result.h"
#include "model/schema/index_schema.h"

namespace flusso::pg {

class RelationRenderer {
 public:
  RelationRenderer(RowRenderer& rows, const RowScope& parent) : rows_(rows), parent_(parent) {}

  // Renders every relation among the fields, also inside objects.
  Status render(const std::vector<Field>& fields);
  // The JSON of each relation field.
  const std::unordered_map<const Field*, TextParts>& values() const { return values_; }
  const std::string& joins() const { return joins_; }

 private:
  // Where related rows come from.
  struct Source {
    const TableInfo* table = nullptr;
    KeyColumns far_key;  // with a junction: the columns that its right key points at
    KeyColumns key;      // without: the columns that are compared with the parent's
    KeyColumns parent_columns;
    std::optional<Through> through;
    bool operator==(const Source& other) const;
  };
  struct Member {
    const Field* field = nullptr;
    const JoinField* list = nullptr;
    const AggregateField* aggregate = nullptr;
    Source source;
    Filters filters;
    std::string filter_key;  // equal for equal filters
  };
  struct Group {
    std::vector<Member> members;
  };
  // ORDER BY and LIMIT that arrange or choose rows before anything is built from them.
  struct Pick {
    std::string order;
    std::optional<std::uint64_t> limit;
  };

  Status collect(const std::vector<Field>& fields, std::vector<Member>& members);
  Result<Member> member_of(const Field& field, const JoinField& join) const;
  Result<Member> member_of(const Field& field, const AggregateField& aggregate) const;
  static std::vector<Group> fuse(std::vector<Member> members);
  Status render_group(const Group& group);
  Status render_to_one(const Member& member);
  Result<std::string> rows_sql(const Source& source, const std::string& alias, const Filters& filters,
                               const std::optional<Pick>& pick, const std::string& nested_joins);
  Result<TextParts> marks(const Source& source, const std::string& alias, bool picked) const;
  static bool is_presorted(const Group& group, const RenderedRow& row);
  Result<std::string> order_sql(const JoinField& join, const Source& source, const std::string& alias) const;

  RowRenderer& rows_;
  const RowScope& parent_;
  std::unordered_map<const Field*, TextParts> values_;
  std::string joins_;
};

}  // namespace flusso::pg
