// Which changes of the catalog are a debt of an index, and which are nobody's business.
#include "model/catalog_state.h"

#include <gtest/gtest.h>

namespace flusso {
namespace {

const TableRef kOrders{"public", "orders"};

// An index over orders(id, total) whose changes are looked at by id and owner.
Plan plan_of_orders() {
  Plan plan;
  IndexPlan index;
  index.name = "orders";
  index.schema.table = kOrders;
  index.schema.primary_key = {"id"};
  Field total;
  total.name = "total";
  ColumnField column;
  column.column = "total";
  total.source = column;
  index.schema.fields.push_back(total);
  plan.indexes.push_back(index);
  TablePlan table;
  table.info.table = kOrders;
  table.columns = {"id", "owner"};
  Link link;
  link.columns = {0, 1};
  table.links.push_back(link);
  plan.tables.push_back(table);
  return plan;
}

CatalogState state() {
  CatalogState state;
  state.publication = "9:700";
  TableState& table = state.tables[kOrders];
  table.oid = 5;
  table.filenode = 50;
  table.columns = {{"id", {1, 23, false, 10}}, {"total", {2, 1700, false, 10}}, {"note", {3, 25, false, 10}}};
  table.identity = {"id", "owner"};
  table.partitions = {{6, {60, 20, true}}};
  table.memberships = {"90:700"};
  return state;
}

// Why the index must be built anew after the change, or "".
template <class Change>
std::string debt(Change&& change) {
  const Plan plan = plan_of_orders();
  CatalogState now = state();
  change(now, now.tables[kOrders]);
  return debt_of(plan.indexes[0], plan, state(), now).value_or("");
}

TEST(CatalogState, what_alters_values_or_hides_changes_is_a_debt) {
  using S = CatalogState;
  using T = TableState;
  EXPECT_NE(debt([](S&, T& t) { t.oid = 6; }), "");
  EXPECT_NE(debt([](S& s, T&) { s.tables.clear(); }), "");
  EXPECT_NE(debt([](S&, T& t) { t.columns["total"].type = 20; }), "");
  EXPECT_NE(debt([](S&, T& t) { t.columns["total"].number = 4; }), "");
  EXPECT_NE(debt([](S&, T& t) { t.columns.erase("total"); }), "");
  EXPECT_NE(debt([](S&, T& t) { t.columns["total"].version = 11, t.filenode = 51; }), "");
  EXPECT_NE(debt([](S&, T& t) { t.columns["total"].version = 11, t.partitions[6].filenode = 61; }), "");
  EXPECT_NE(debt([](S&, T& t) { t.identity = {"id"}; }), "");
  EXPECT_NE(debt([](S&, T& t) { t.partitions.clear(); }), "");
  EXPECT_NE(debt([](S&, T& t) { t.partitions[6].attached = 21; }), "");
  EXPECT_NE(debt([](S&, T& t) { t.partitions[7] = {70, 30, false}; }), "");
  EXPECT_NE(debt([](S&, T& t) { t.memberships = {"91:800"}; }), "");
  EXPECT_NE(debt([](S& s, T&) { s.publication = "9:800"; }), "");
}

TEST(CatalogState, everything_else_is_harmless) {
  using S = CatalogState;
  using T = TableState;
  EXPECT_EQ(debt([](S&, T&) {}), "");
  EXPECT_EQ(debt([](S&, T& t) { t.columns["new"] = {4, 25, false, 12}; }), "");
  EXPECT_EQ(debt([](S&, T& t) { t.columns.erase("note"); }), "");
  EXPECT_EQ(debt([](S&, T& t) { t.columns["note"] = {3, 23, false, 12}, t.filenode = 51; }), "");
  EXPECT_EQ(debt([](S&, T& t) { t.columns["total"].version = 11; }), "") << "SET NOT NULL, SET DEFAULT, statistics";
  EXPECT_EQ(debt([](S&, T& t) { t.filenode = 51; }), "") << "VACUUM FULL, TRUNCATE";
  EXPECT_EQ(debt([](S&, T& t) { t.identity = {"id", "owner", "note"}; }), "");
  EXPECT_EQ(debt([](S&, T& t) { t.partitions[7] = {70, 30, true}; }), "");
  EXPECT_EQ(debt([](S&, T& t) { t.memberships.insert("91:800"); }), "");
}

TEST(CatalogState, a_table_that_nothing_is_known_of_has_nothing_to_compare_with) {
  const Plan plan = plan_of_orders();
  EXPECT_EQ(debt_of(plan.indexes[0], plan, CatalogState{}, state()), std::nullopt);
}

TEST(CatalogState, a_column_in_raw_sql_counts_as_used) {
  Plan plan = plan_of_orders();
  plan.indexes[0].schema.filters = std::vector<Filter>{Filter{FilterRaw{"length(NOTE) > 3"}, {}}};
  CatalogState now = state();
  now.tables[kOrders].columns["note"].type = 23;
  EXPECT_TRUE(debt_of(plan.indexes[0], plan, state(), now));
}

}  // namespace
}  // namespace flusso
