#include "io/pg/relation_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pg/aggregate_sql.h"
#include "io/pg/filter_sql.h"
#include "io/pg/key_sql.h"
#include "io/pg/quote.h"
#include "model/unique_key.h"

namespace flusso::pg {
namespace {

bool has_relations(const std::vector<Field>& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const Field& field) {
    if (const auto* object = std::get_if<ObjectField>(&field.source)) return has_relations(object->fields);
    return std::holds_alternative<JoinField>(field.source) || std::holds_alternative<AggregateField>(field.source);
  });
}

// The junction's alias beside that of the related table.
std::string junction_of(const std::string& alias) { return "j" + alias.substr(1); }

// A junction row's mark, where only the related table's columns leave a subquery.
constexpr const char* kJunctionMark = "\"flusso mark\"";

bool is_to_one(const JoinField& join) { return join.verb == JoinVerb::belongs_to || join.verb == JoinVerb::has_one; }

// What identifies a row of the joined table: the declared key, else the catalog's.
const KeyColumns& row_key_of(const JoinField& join, const TableInfo& table) {
  return join.primary_key.empty() ? table.primary_key : join.primary_key;
}

// The declared order is that of the key.
bool is_order_of(const std::vector<OrderBy>& order, const KeyColumns& key) {
  return std::equal(order.begin(), order.end(), key.begin(), key.end(),
                    [](const OrderBy& by, const std::string& column) { return !by.descending && by.column == column; });
}

void append_key_order(std::string& order, const KeyColumns& key, const std::string& alias) {
  for (const std::string& column : key) {
    const std::string quoted = fmt::format("{}.{}", alias, quote_identifier(column));
    if (order.find(quoted) == std::string::npos) order += (order.empty() ? "" : ", ") + quoted;
  }
}

}  // namespace

bool RelationRenderer::Source::operator==(const Source& other) const {
  const auto junction = [](const std::optional<Through>& t) {
    return t ? std::tuple(t->table, t->left_key, t->right_key) : std::tuple<TableRef, KeyColumns, KeyColumns>();
  };
  return table == other.table && far_key == other.far_key && key == other.key &&
         parent_columns == other.parent_columns && through.has_value() == other.through.has_value() &&
         junction(through) == junction(other.through);
}

Status RelationRenderer::render(const std::vector<Field>& fields) {
  std::vector<Member> members;
  FLUSSO_TRY(collect(fields, members));
  for (const Group& group : fuse(std::move(members))) {
    const Member& first = group.members.front();
    if (first.list != nullptr && is_to_one(*first.list))
      FLUSSO_TRY(render_to_one(first));
    else
      FLUSSO_TRY(render_group(group));
  }
  return {};
}

Status RelationRenderer::collect(const std::vector<Field>& fields, std::vector<Member>& members) {
  for (const Field& field : fields) {
    if (const auto* object = std::get_if<ObjectField>(&field.source)) {
      FLUSSO_TRY(collect(object->fields, members));
    } else if (const auto* join = std::get_if<JoinField>(&field.source)) {
      FLUSSO_TRY_ASSIGN(Member member, member_of(field, *join));
      members.push_back(std::move(member));
    } else if (const auto* aggregate = std::get_if<AggregateField>(&field.source)) {
      FLUSSO_TRY_ASSIGN(Member member, member_of(field, *aggregate));
      members.push_back(std::move(member));
    }
  }
  return {};
}

Result<RelationRenderer::Member> RelationRenderer::member_of(const Field& field, const JoinField& join) const {
  Member member;
  member.field = &field;
  member.list = &join;
  FLUSSO_TRY_ASSIGN(member.source.table, rows_.table(join.table));
  const KeyColumns& related_key = row_key_of(join, *member.source.table);
  member.source.parent_columns = parent_.key;
  if (join.verb == JoinVerb::belongs_to) {
    member.source.key = related_key;
    member.source.parent_columns = join.key;
  } else if (join.through) {
    member.source.through = join.through;
    member.source.far_key = related_key;
  } else {
    member.source.key = join.key;
  }
  member.filters = join.filters;
  FLUSSO_TRY_ASSIGN(member.filter_key, filters_condition(join.filters, *member.source.table, "t"));
  return member;
}

Result<RelationRenderer::Member> RelationRenderer::member_of(const Field& field,
                                                             const AggregateField& aggregate) const {
  Member member;
  member.field = &field;
  member.aggregate = &aggregate;
  FLUSSO_TRY_ASSIGN(member.source.table, rows_.table(aggregate.table));
  member.source.parent_columns = parent_.key;
  if (aggregate.through) {
    member.source.through = aggregate.through;
    member.source.far_key = member.source.table->primary_key;
  } else {
    member.source.key = aggregate.foreign_key;
  }
  member.filters = aggregate.filters;
  FLUSSO_TRY_ASSIGN(member.filter_key, filters_condition(aggregate.filters, *member.source.table, "t"));
  return member;
}

std::vector<RelationRenderer::Group> RelationRenderer::fuse(std::vector<Member> members) {
  const auto alone = [](const Member& m) {
    return m.list != nullptr && (is_to_one(*m.list) || m.list->limit.has_value());
  };
  // A member may join a subquery that reads more rows than it wants only if skipping the others is cheap and safe.
  const auto can_skip_rows = [](const Member& m) {
    return !has_raw(m.filters) && (m.list == nullptr || !has_relations(m.list->fields));
  };
  std::vector<Group> groups;
  const auto find_group = [&](const Member& member) -> Group* {
    if (alone(member)) return nullptr;
    for (Group& group : groups)
      if (!alone(group.members.front()) && group.members.front().source == member.source &&
          group.members.front().filter_key == member.filter_key)
        return &group;
    return nullptr;
  };
  for (Member& member : members) {
    if (Group* group = find_group(member))
      group->members.push_back(std::move(member));
    else
      groups.push_back(Group{{std::move(member)}});
  }
  for (std::size_t all = 0; all < groups.size(); ++all) {
    const Member& reader = groups[all].members.front();
    if (alone(reader) || !reader.filter_key.empty()) continue;
    for (std::size_t other = 0; other < groups.size();) {
      const Group& candidate = groups[other];
      const bool joins = other != all && !alone(candidate.members.front()) &&
                         candidate.members.front().source == groups[all].members.front().source &&
                         std::all_of(candidate.members.begin(), candidate.members.end(), can_skip_rows);
      if (!joins) {
        ++other;
        continue;
      }
      for (Member& member : groups[other].members) groups[all].members.push_back(std::move(member));
      groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(other));
      if (other < all) --all;
    }
  }
  return groups;
}

// FROM … WHERE … of related rows. With a pick, rows are chosen inside, and `nested_joins` only see the chosen ones.
Result<std::string> RelationRenderer::rows_sql(const Source& source, const std::string& alias, const Filters& filters,
                                               const std::optional<Pick>& pick, const std::string& nested_joins) {
  const std::string table = quote_table(source.table->table);
  std::string from = table;
  if (has_raw(filters)) {
    // Raw SQL names columns without their table: it gets a scope in which only this table exists.
    FLUSSO_TRY_ASSIGN(const std::string raw,
                      filters_condition(part_of(filters, FilterPart::raw), *source.table, alias));
    from = fmt::format("(SELECT * FROM {} WHERE {})", table, raw);
  }
  from += " AS " + alias;
  std::string where;
  if (source.through) {
    const std::string junction = junction_of(alias);
    FLUSSO_TRY_ASSIGN(const std::string far, keys_equal(alias, source.far_key, junction, source.through->right_key));
    FLUSSO_TRY_ASSIGN(where, keys_equal(junction, source.through->left_key, parent_.alias, source.parent_columns));
    from = fmt::format("{} AS {} JOIN {} ON {}", quote_table(source.through->table), junction, from, far);
  } else {
    FLUSSO_TRY_ASSIGN(where, keys_equal(alias, source.key, parent_.alias, source.parent_columns));
  }
  FLUSSO_TRY_ASSIGN(const std::string structured,
                    filters_condition(part_of(filters, FilterPart::structured), *source.table, alias));
  if (!structured.empty()) where += " AND " + structured;
  if (!pick) return fmt::format(" FROM {}{} WHERE {}", from, nested_joins, where);
  const std::string order = pick->order.empty() ? "" : " ORDER BY " + pick->order;
  const std::string limit = pick->limit ? fmt::format(" LIMIT {}", *pick->limit) : "";
  std::string mark;
  if (source.through) {
    FLUSSO_TRY_ASSIGN(const TableInfo* junction, rows_.table(source.through->table));
    FLUSSO_TRY_ASSIGN(const TextParts parts, rows_.mark(*junction, junction_of(alias)));
    if (!parts.empty()) mark = fmt::format(", {} AS {}", parts.sql(), kJunctionMark);
  }
  return fmt::format(" FROM (SELECT {0}.*{6} FROM {1} WHERE {2}{3}{4}) AS {0}{5}", alias, from, where, order, limit,
                     nested_joins, mark);
}

// What a related row and its junction row leave in front of their JSON; nothing when neither table is traced.
Result<TextParts> RelationRenderer::marks(const Source& source, const std::string& alias, bool picked) const {
  FLUSSO_TRY_ASSIGN(TextParts marks, rows_.mark(*source.table, alias));
  if (!source.through) return marks;
  FLUSSO_TRY_ASSIGN(const TableInfo* junction, rows_.table(source.through->table));
  FLUSSO_TRY_ASSIGN(const TextParts mark, rows_.mark(*junction, junction_of(alias)));
  if (picked && !mark.empty())
    marks.expression(fmt::format("{}.{}", alias, kJunctionMark));
  else
    marks.append(mark);
  return marks;
}

// True when a unique index over the foreign key and the rows' key reads a list in its order: a sorted subquery costs
// nothing then, while every ORDER BY inside an aggregate sorts anew for each parent. A sorted subquery keeps its order
// only where nothing else happens to its rows (Postgres, "Aggregate Functions"): no join, no second aggregate.
bool RelationRenderer::is_presorted(const Group& group, const RenderedRow& row) {
  const Member& member = group.members.front();
  if (group.members.size() != 1 || member.list == nullptr || member.list->limit || member.source.through ||
      !row.joins.empty())
    return false;
  const TableInfo& table = *member.source.table;
  const KeyColumns& key = row_key_of(*member.list, table);
  if (member.list->order_by && !is_order_of(*member.list->order_by, key)) return false;
  KeyColumns wanted = member.source.key;
  wanted.insert(wanted.end(), key.begin(), key.end());
  return is_unique(table, key) &&
         std::find(table.unique_keys.begin(), table.unique_keys.end(), wanted) != table.unique_keys.end();
}

// The declared order, then what makes it total: the declared key, and the catalog's when that one is not unique.
Result<std::string> RelationRenderer::order_sql(const JoinField& join, const Source& source,
                                                const std::string& alias) const {
  std::string order;
  if (join.order_by) {
    for (const OrderBy& entry : *join.order_by) {
      FLUSSO_TRY(require_column(*source.table, entry.column));
      order += fmt::format("{}{}.{}{}", order.empty() ? "" : ", ", alias, quote_identifier(entry.column),
                           entry.descending ? " DESC" : "");
    }
  }
  for (const std::string& column : join.primary_key) FLUSSO_TRY(require_column(*source.table, column));
  append_key_order(order, join.primary_key, alias);
  if (join.primary_key.empty() || !is_unique(*source.table, join.primary_key))
    append_key_order(order, source.table->primary_key, alias);
  return order;
}

Status RelationRenderer::render_to_one(const Member& member) {
  const JoinField& join = *member.list;
  const std::string alias = rows_.next_alias('t');
  const KeyColumns& key = row_key_of(join, *member.source.table);
  FLUSSO_TRY_ASSIGN(const RenderedRow row, rows_.row(join.fields, RowScope{member.source.table, alias, key}));
  std::optional<Pick> pick;
  if (!is_unique(*member.source.table, member.source.key)) {
    FLUSSO_TRY_ASSIGN(std::string order, order_sql(join, member.source, alias));
    pick = Pick{std::move(order), 1};
  }
  FLUSSO_TRY_ASSIGN(const std::string from, rows_sql(member.source, alias, member.filters, pick, row.joins));
  FLUSSO_TRY_ASSIGN(TextParts json, marks(member.source, alias, pick.has_value()));
  json.append(row.json);
  const std::string name = rows_.next_alias('x');
  joins_ += fmt::format(" LEFT JOIN LATERAL (SELECT {} AS _1{}) AS {} ON true", json.sql(), from, name);
  values_[member.field].expression(fmt::format("coalesce({}._1,'null')", name));
  return {};
}

Status RelationRenderer::render_group(const Group& group) {
  const Source& source = group.members.front().source;
  const std::string alias = rows_.next_alias('t');
  const std::string name = rows_.next_alias('x');
  const bool same_filters = std::all_of(group.members.begin(), group.members.end(), [&](const Member& member) {
    return member.filter_key == group.members.front().filter_key;
  });
  std::string columns;
  std::string nested;
  std::optional<Pick> pick;
  int number = 0;
  // The marks of all rows stand in a list of all rows, or in a column of their own.
  const bool picked = group.members.front().list != nullptr && group.members.front().list->limit.has_value();
  FLUSSO_TRY_ASSIGN(const TextParts row_marks, marks(source, alias, picked));
  bool marked = row_marks.empty();
  for (const Member& member : group.members) {
    std::string filter;
    if (!same_filters && !member.filter_key.empty()) {
      FLUSSO_TRY_ASSIGN(const std::string condition, filters_condition(member.filters, *source.table, alias));
      filter = fmt::format(" FILTER (WHERE {})", condition);
    }
    const std::string column = fmt::format("_{}", ++number);
    TextParts& outer = values_[member.field];
    std::string sql;
    if (member.list != nullptr) {
      const KeyColumns& key = row_key_of(*member.list, *source.table);
      FLUSSO_TRY_ASSIGN(const RenderedRow row, rows_.row(member.list->fields, RowScope{source.table, alias, key}));
      FLUSSO_TRY_ASSIGN(const std::string order, order_sql(*member.list, source, alias));
      nested += row.joins;
      const bool presorted = is_presorted(group, row);
      TextParts json;
      if (!marked && filter.empty()) {
        json = row_marks;
        marked = true;
      }
      json.append(row.json);
      sql = fmt::format("string_agg({},','{}){}", json.sql(), order.empty() || presorted ? "" : " ORDER BY " + order,
                        filter);
      if (member.list->limit || presorted) pick = Pick{order, member.list->limit};
      outer.constant("[");
      outer.expression(fmt::format("{}.{}", name, column));
      outer.constant("]");
    } else {
      FLUSSO_TRY_ASSIGN(const RolledUp rolled, aggregate_sql(*member.aggregate, *source.table, alias, filter));
      sql = rolled.sql;
      append_rolled_up(outer, *member.aggregate, rolled, fmt::format("{}.{}", name, column));
    }
    columns += fmt::format("{}{} AS {}", columns.empty() ? "" : ", ", sql, column);
  }
  if (!marked) {
    const std::string column = fmt::format("_{}", ++number);
    columns += fmt::format(", string_agg({},'') AS {}", row_marks.sql(), column);
    TextParts outer;
    outer.expression(fmt::format("{}.{}", name, column));
    outer.append(values_[group.members.front().field]);
    values_[group.members.front().field] = std::move(outer);
  }
  const Filters common = same_filters ? group.members.front().filters : Filters{};
  FLUSSO_TRY_ASSIGN(const std::string from, rows_sql(source, alias, common, pick, nested));
  joins_ += fmt::format(" LEFT JOIN LATERAL (SELECT {}{}) AS {} ON true", columns, from, name);
  return {};
}

}  // namespace flusso::pg
