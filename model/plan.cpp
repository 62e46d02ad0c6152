#include "model/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "model/key_columns.h"

namespace flusso {
namespace {

void add_table(std::vector<TableRef>& tables, const TableRef& table) {
  if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(table);
}

void collect_tables(const std::vector<Field>& fields, std::vector<TableRef>& tables) {
  for (const Field& field : fields) {
    if (const auto* object = std::get_if<ObjectField>(&field.source)) collect_tables(object->fields, tables);
    if (const auto* join = std::get_if<JoinField>(&field.source)) {
      add_table(tables, join->table);
      if (join->through) add_table(tables, join->through->table);
      collect_tables(join->fields, tables);
    }
    if (const auto* aggregate = std::get_if<AggregateField>(&field.source)) {
      add_table(tables, aggregate->table);
      if (aggregate->through) add_table(tables, aggregate->through->table);
    }
  }
}

bool same_columns(const KeyColumns& a, const KeyColumns& b) { return a == b; }

// A value of such a type is never stored out of line, so a new tuple always carries it.
bool always_sent(const ColumnInfo& column) {
  static constexpr std::string_view kFixed[] = {"bool", "int2",      "int4",        "int8",   "float4", "float8",
                                                "date", "timestamp", "timestamptz", "time",   "timetz", "uuid",
                                                "oid",  "money",     "interval",    "macaddr"};
  return column.kind == 'e' ||
         std::find(std::begin(kFixed), std::end(kFixed), std::string_view(column.base_type)) != std::end(kFixed);
}

// A foreign key names a document by itself only if equal values have equal texts on both sides (design 6-h).
bool text_is_identity(const ColumnInfo& from, const ColumnInfo& to) {
  static constexpr std::string_view kIntegers[] = {"int2", "int4", "int8"};
  static constexpr std::string_view kExact[] = {"bool", "uuid", "date", "timestamp", "timestamptz", "bytea"};
  const auto in = [](std::string_view name, const auto& list) {
    return std::find(std::begin(list), std::end(list), name) != std::end(list);
  };
  if (in(from.base_type, kIntegers) && in(to.base_type, kIntegers)) return true;
  if (from.base_type != to.base_type || from.base_oid != to.base_oid) return false;
  if (in(from.base_type, kExact) || from.kind == 'e') return true;
  return (from.base_type == "text" || from.base_type == "varchar") && from.collation_deterministic &&
         to.collation_deterministic;
}

// Builds the links of one index. A relation chain is walked from a changed table up to the root: at each level the
// values of the column on the child's side become values of the column on the parent's side.
class IndexCompiler {
 public:
  IndexCompiler(IndexId id, IndexPlan& index, Plan& plan, std::map<TableRef, std::size_t>& positions,
                const std::map<TableRef, const TableInfo*>& infos)
      : id_(id), index_(index), plan_(plan), positions_(positions), infos_(infos) {}

  Status run() {
    if (index_.schema.primary_key.empty())
      return fail(
          ErrorKind::config, "config.primary_key",
          fmt::format("index {}: the schema names no primary_key; name the column(s) of {} that identify a document",
                      index_.name, to_text(index_.schema.table)));
    FLUSSO_TRY(need(index_.schema.table, index_.schema.primary_key, "primary_key"));
    // The root itself: its key, old and new.
    FLUSSO_TRY(add_link(index_.schema.table, index_.schema.primary_key, {}, "(root)"));
    return walk(index_.schema.fields, index_.schema.table, index_.schema.primary_key, {}, "");
  }

 private:
  // One step up: rows of `table` whose `match` has one of the values; `output` are the values for the next step.
  using Steps = std::vector<Hop>;

  Result<const TableInfo*> info(const TableRef& table) const {
    const auto found = infos_.find(table);
    if (found == infos_.end())
      return fail(ErrorKind::config, "config.table_missing",
                  fmt::format("index {}: table {} does not exist", index_.name, to_text(table)));
    return found->second;
  }

  Status need(const TableRef& table, const KeyColumns& columns, std::string_view role) const {
    FLUSSO_TRY_ASSIGN(const TableInfo* const found, info(table));
    for (const std::string& column : columns)
      if (found->column(column) == nullptr)
        return fail(ErrorKind::config, "config.column_missing",
                    fmt::format("index {}: {} names column {}, which table {} does not have", index_.name, role, column,
                                to_text(table)));
    return {};
  }

  bool texts_match(const TableRef& from, const KeyColumns& a, const TableRef& to, const KeyColumns& b) const {
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!text_is_identity(*infos_.at(from)->column(a[i]), *infos_.at(to)->column(b[i]))) return false;
    return true;
  }

  // `steps` lead from the parent level's link columns to the root, innermost first.
  Status add_link(const TableRef& table, const KeyColumns& columns, Steps steps, std::string name) {
    TablePlan& planned = table_plan(table);
    Link link;
    link.index = id_;
    for (const std::string& column : columns) link.columns.push_back(column_position(planned, column));
    link.in_identity = covers(planned.info.identity_columns, columns);
    if (!link.in_identity) trace(planned);
    link.by_row = path_by_row(planned, columns, steps, name);
    if (!steps.empty()) {
      link.kind = Link::Kind::lookup;
      link.path = add_path(std::move(name), std::move(steps));
    }
    for (const Link& other : planned.links)
      if (other.index == link.index && other.kind == Link::Kind::direct && link.kind == Link::Kind::direct &&
          other.columns == link.columns)
        return {};
    planned.links.push_back(std::move(link));
    return {};
  }

  PathId add_path(std::string name, Steps steps) {
    const PathId id{static_cast<std::uint16_t>(plan_.paths.size())};
    LookupPath path{id_, std::move(name), {}, std::move(steps)};
    const TableInfo& first = *infos_.at(path.hops.front().table);
    for (const std::string& column : path.hops.front().match) path.start_types.push_back(first.column(column)->type);
    plan_.paths.push_back(std::move(path));
    return id;
  }

  // An old row of the table may say nothing: the documents of this index must tell which of its rows they hold.
  void trace(TablePlan& table) {
    if (table.info.identity_columns.empty()) return;  // such a table is refused: its updates carry nothing at all
    if (std::find(table.traced_by.begin(), table.traced_by.end(), id_) != table.traced_by.end()) return;
    table.traced_by.push_back(id_);
    index_.traced.push_back(TracedTable{table.info.table, row_key(table)});
  }

  // The columns of the replica identity in table order; from now on they are looked at in every change.
  static KeyColumns row_key(TablePlan& table) {
    KeyColumns key;
    for (const ColumnInfo& column : table.info.columns)
      if (covers(table.info.identity_columns, {column.name})) key.push_back(column.name);
    if (table.row_key.empty())
      for (const std::string& column : key) table.row_key.push_back(column_position(table, column));
    return key;
  }

  // From the row's own key to the documents it is in now. Not for FULL, whose old tuple has what the new one leaves
  // out.
  std::optional<PathId> path_by_row(TablePlan& table, const KeyColumns& columns, const Steps& steps,
                                    const std::string& name) {
    const TableInfo& info = table.info;
    if (info.identity == ReplicaIdentity::full || info.identity_columns.empty()) return std::nullopt;
    if (std::all_of(columns.begin(), columns.end(), [&](const std::string& c) { return always_sent(*info.column(c)); }))
      return std::nullopt;
    Steps by_row = steps;
    by_row.insert(by_row.begin(), Hop{info.table, row_key(table), columns});
    return add_path(name + " (by row)", std::move(by_row));
  }

  TablePlan& table_plan(const TableRef& table) {
    const auto found = positions_.find(table);
    if (found != positions_.end()) return plan_.tables[found->second];
    positions_.emplace(table, plan_.tables.size());
    plan_.tables.push_back(TablePlan{*infos_.at(table), {}, {}, {}, {}});
    return plan_.tables.back();
  }

  static std::uint16_t column_position(TablePlan& table, const std::string& column) {
    const auto found = std::find(table.columns.begin(), table.columns.end(), column);
    if (found == table.columns.end()) table.columns.push_back(column);
    return static_cast<std::uint16_t>(std::find(table.columns.begin(), table.columns.end(), column) -
                                      table.columns.begin());
  }

  // Steps from values of `columns` of `parent` to the root, given the steps from `parent`'s own link upward.
  //   parent_link: the columns of `parent` whose values the upper steps expect.
  static Steps climb(const TableRef& parent, const KeyColumns& columns, const KeyColumns& parent_link,
                     const Steps& upper) {
    Steps steps;
    if (!same_columns(columns, parent_link)) steps.push_back(Hop{parent, columns, parent_link});
    steps.insert(steps.end(), upper.begin(), upper.end());
    return steps;
  }

  // The key values of the root come from `table`.`columns` of the row itself, or through `steps`. Where a foreign key's
  // text may differ from the root's own key text, the root's stored key is selected.
  Status finish(const TableRef& table, const KeyColumns& columns, Steps steps, const std::string& name) {
    const TableRef& root = index_.schema.table;
    const KeyColumns& key = index_.schema.primary_key;
    const TableRef& last_table = steps.empty() ? table : steps.back().table;
    const KeyColumns& last_columns = steps.empty() ? columns : steps.back().output;
    if (!texts_match(last_table, last_columns, root, key)) steps.push_back(Hop{root, key, key});
    return add_link(table, columns, std::move(steps), name);
  }

  // `table` is the table of the level, `link` the columns of it that `upper` starts from.
  Status walk(const std::vector<Field>& fields, const TableRef& table, const KeyColumns& link, const Steps& upper,
              const std::string& prefix) {
    for (const Field& field : fields) {
      const std::string name = prefix.empty() ? field.name : prefix + "." + field.name;
      if (const auto* object = std::get_if<ObjectField>(&field.source)) {
        FLUSSO_TRY(walk(object->fields, table, link, upper, name));
      } else if (const auto* join = std::get_if<JoinField>(&field.source)) {
        FLUSSO_TRY(relation(*join, table, link, upper, name));
      } else if (const auto* aggregate = std::get_if<AggregateField>(&field.source)) {
        FLUSSO_TRY(rollup(*aggregate, table, link, upper, name));
      }
    }
    return {};
  }

  const KeyColumns& key_of_level(const TableRef& table, const KeyColumns& declared) const {
    return declared.empty() ? infos_.at(table)->primary_key : declared;
  }

  Status relation(const JoinField& join, const TableRef& parent, const KeyColumns& link, const Steps& upper,
                  const std::string& name) {
    FLUSSO_TRY(need(join.table, join.primary_key, name + ".primary_key"));
    KeyColumns child_link;  // the child's columns whose values start the upper steps
    Steps steps;
    if (join.verb == JoinVerb::belongs_to) {
      FLUSSO_TRY(need(parent, join.key, name + ".column"));
      child_link = join.primary_key;
      steps = climb(parent, join.key, link, upper);
    } else if (join.through) {
      FLUSSO_TRY(need(join.through->table, join.through->left_key, name + ".through.left_key"));
      FLUSSO_TRY(need(join.through->table, join.through->right_key, name + ".through.right_key"));
      const Steps from_junction = climb(parent, parent_key(parent), link, upper);
      FLUSSO_TRY(finish(join.through->table, join.through->left_key, from_junction, name + " (junction)"));
      child_link = join.primary_key;
      steps = from_junction;
      steps.insert(steps.begin(), Hop{join.through->table, join.through->right_key, join.through->left_key});
    } else {
      FLUSSO_TRY(need(join.table, join.key, name + ".foreign_key"));
      child_link = join.key;
      steps = climb(parent, parent_key(parent), link, upper);
    }
    FLUSSO_TRY(finish(join.table, child_link, steps, name));
    const KeyColumns saved = std::exchange(level_key_, join.primary_key);
    const Status inner = walk(join.fields, join.table, child_link, steps, name);
    level_key_ = saved;
    return inner;
  }

  Status rollup(const AggregateField& aggregate, const TableRef& parent, const KeyColumns& link, const Steps& upper,
                const std::string& name) {
    const Steps from_parent_key = climb(parent, parent_key(parent), link, upper);
    if (!aggregate.through) {
      FLUSSO_TRY(need(aggregate.table, aggregate.foreign_key, name + ".foreign_key"));
      return finish(aggregate.table, aggregate.foreign_key, from_parent_key, name);
    }
    FLUSSO_TRY(need(aggregate.through->table, aggregate.through->left_key, name + ".through.left_key"));
    FLUSSO_TRY(need(aggregate.through->table, aggregate.through->right_key, name + ".through.right_key"));
    FLUSSO_TRY(finish(aggregate.through->table, aggregate.through->left_key, from_parent_key, name + " (junction)"));
    FLUSSO_TRY_ASSIGN(const TableInfo* const far, info(aggregate.table));
    if (far->primary_key.size() != aggregate.through->right_key.size())
      return fail(
          ErrorKind::config, "config.key_arity",
          fmt::format("index {}: {} joins {} column(s) to table {}, whose primary key has {}", index_.name, name,
                      aggregate.through->right_key.size(), to_text(aggregate.table), far->primary_key.size()));
    Steps steps = from_parent_key;
    steps.insert(steps.begin(),
                 Hop{aggregate.through->table, aggregate.through->right_key, aggregate.through->left_key});
    return finish(aggregate.table, far->primary_key, steps, name);
  }

  // The declared primary key of the level that is being walked.
  const KeyColumns& parent_key(const TableRef& parent) const {
    return key_of_level(parent, level_key_.empty() ? index_.schema.primary_key : level_key_);
  }

  IndexId id_;
  IndexPlan& index_;
  Plan& plan_;
  std::map<TableRef, std::size_t>& positions_;
  const std::map<TableRef, const TableInfo*>& infos_;
  KeyColumns level_key_;  // empty at the root
};

}  // namespace

std::vector<std::string> traced_tables(const IndexPlan& index) {
  std::vector<std::string> texts;
  for (const TracedTable& traced : index.traced)
    texts.push_back(fmt::format("{}({})", to_text(traced.table), fmt::join(traced.key, ",")));
  return texts;
}

std::vector<TableRef> tables_of(const IndexSchema& schema) {
  std::vector<TableRef> tables{schema.table};
  collect_tables(schema.fields, tables);
  return tables;
}

Result<Plan> compile_plan(std::vector<IndexPlan> indexes, const std::vector<TableInfo>& infos) {
  Plan plan;
  plan.indexes = std::move(indexes);
  std::map<TableRef, const TableInfo*> by_table;
  for (const TableInfo& info : infos) by_table.emplace(info.table, &info);
  std::map<TableRef, std::size_t> positions;
  for (std::size_t i = 0; i < plan.indexes.size(); ++i) {
    IndexPlan& index = plan.indexes[i];
    index.tables = tables_of(index.schema);
    index.flat = index.tables.size() == 1;
    for (const TableRef& table : index.tables)
      if (!by_table.contains(table))
        return fail(ErrorKind::config, "config.table_missing",
                    fmt::format("index {}: table {} does not exist", index.name, to_text(table)));
    FLUSSO_TRY(IndexCompiler(IndexId{static_cast<std::uint16_t>(i)}, index, plan, positions, by_table).run());
  }
  return plan;
}

}  // namespace flusso
