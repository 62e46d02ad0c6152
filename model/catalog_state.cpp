#include "model/catalog_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/key_columns.h"
#include "model/used_columns.h"

namespace flusso {
namespace {

using Why = std::optional<std::string>;

// The files of a table or of a partition that was there before: a statement that rewrites rows replaces them. So does
// VACUUM FULL, but that leaves columns alone.
bool is_rewritten(const TableState& before, const TableState& now) {
  if (before.filenode != now.filenode) return true;
  return std::any_of(before.partitions.begin(), before.partitions.end(), [&](const auto& entry) {
    const auto found = now.partitions.find(entry.first);
    return found != now.partitions.end() && found->second.filenode != entry.second.filenode;
  });
}

Why column_debt(const UsedColumns& used, const TableState& before, const TableState& now) {
  const bool rewritten = is_rewritten(before, now);
  for (const auto& [name, column] : now.columns) {
    if (!used.contains(name)) continue;
    const auto known = before.columns.find(name);
    if (known == before.columns.end() || known->second.number != column.number)
      return fmt::format("column {} is another one than before", name);
    if (known->second.type != column.type || known->second.generated != column.generated)
      return fmt::format("column {} has another type", name);
    if (known->second.version != column.version && (rewritten || column.generated))
      return fmt::format("column {} was rewritten", name);
  }
  for (const auto& [name, column] : before.columns)
    if (used.contains(name) && !now.columns.contains(name)) return fmt::format("column {} is gone", name);
  return {};
}

Why partition_debt(const TableState& before, const TableState& now) {
  for (const auto& [oid, partition] : before.partitions) {
    const auto found = now.partitions.find(oid);
    if (found == now.partitions.end()) return "a partition was detached or dropped";
    if (found->second.attached != partition.attached) return "a partition was detached and attached again";
  }
  for (const auto& [oid, partition] : now.partitions)
    if (!before.partitions.contains(oid) && !partition.made_as_partition) return "a table was attached as partition";
  return {};
}

// The columns by which old rows of the table name documents of the index.
Why identity_debt(const TablePlan& table, IndexId index, const TableState& before, const TableState& now) {
  if (!before.identity.empty() && now.identity.empty()) return "it has no replica identity any more";
  for (const Link& link : table.links) {
    if (link.index != index) continue;
    for (const std::uint16_t column : link.columns)
      if (const std::string& name = table.columns[column];
          contains(before.identity, name) && !contains(now.identity, name))
        return fmt::format("its replica identity has lost column {}", name);
  }
  return {};
}

Why membership_debt(const TableState& before, const TableState& now) {
  const bool kept = std::includes(now.memberships.begin(), now.memberships.end(), before.memberships.begin(),
                                  before.memberships.end());
  if (kept) return {};
  return "it was taken out of the publication";
}

Why table_debt(const TablePlan& table, const UsedColumns& used, IndexId index, const TableState& before,
               const TableState& now) {
  if (before.oid != now.oid) return "it is another table than before";
  if (Why why = column_debt(used, before, now)) return why;
  if (Why why = partition_debt(before, now)) return why;
  if (Why why = identity_debt(table, index, before, now)) return why;
  return membership_debt(before, now);
}

}  // namespace

std::optional<std::string> debt_of(const IndexPlan& index, const Plan& plan, const CatalogState& before,
                                   const CatalogState& now) {
  const auto position = std::find_if(plan.indexes.begin(), plan.indexes.end(),
                                     [&](const IndexPlan& one) { return one.name == index.name; });
  const IndexId id{static_cast<std::uint16_t>(position - plan.indexes.begin())};
  for (const auto& [ref, used] : used_columns(index.schema)) {
    const TablePlan* table = plan.find(ref);
    const auto known = before.tables.find(ref);
    if (table == nullptr || known == before.tables.end()) continue;
    const auto found = now.tables.find(ref);
    const Why why =
        found == now.tables.end() ? Why("it is gone") : table_debt(*table, used, id, known->second, found->second);
    if (why) return fmt::format("table {}: {}", to_text(ref), *why);
  }
  // Altered or made anew: for a while it may have left out operations, rows or columns.
  if (!before.publication.empty() && before.publication != now.publication) return "the publication was altered";
  return {};
}

}  // namespace flusso
