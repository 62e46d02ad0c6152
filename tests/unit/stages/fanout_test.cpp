#include "stages/fanout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace flusso::stages {
namespace {

using Tuple = std::vector<FieldText>;
const FieldText kNull{FieldText::State::null, {}};
const FieldText kMissing{FieldText::State::missing, {}};
const FieldText kUnchanged{FieldText::State::unchanged, {}};
FieldText text(std::string_view value) { return FieldText{FieldText::State::text, value}; }

Link direct(std::uint16_t index, std::vector<std::uint16_t> columns) {
  Link link;
  link.index = IndexId{index};
  link.columns = std::move(columns);
  return link;
}
Link lookup(std::uint16_t path, std::vector<std::uint16_t> columns) {
  Link link;
  link.kind = Link::Kind::lookup;
  link.path = PathId{path};
  link.columns = std::move(columns);
  return link;
}

// Table 0: the root of index 0, key (0). Table 1: children of index 0 by column 1, looked up for index 1 by column 0.
// Table 2: the root of index 1, key (0, 1).
Plan small_plan() {
  Plan plan;
  plan.indexes.resize(2);
  plan.paths.resize(1);
  plan.tables.resize(3);
  plan.tables[0].links = {direct(0, {0})};
  plan.tables[1].links = {direct(0, {1}), lookup(0, {0})};
  plan.tables[2].links = {direct(1, {0, 1})};
  return plan;
}

class Changes {
 public:
  Changes& add(std::uint16_t table, ChangeOp op, const std::optional<Tuple>& before,
               const std::optional<Tuple>& after) {
    ChangeBatch::Change change{TableId{table}, op, -1, -1};
    if (before) change.old_fields = append(*before);
    if (after) change.new_fields = append(*after);
    batch_.changes.push_back(change);
    return *this;
  }
  ChangeBatch take(std::uint64_t seq = 4) {
    batch_.seq = GroupSeq{seq};
    batch_.end_lsn = Lsn{99};
    return std::move(batch_);
  }

 private:
  std::int32_t append(const Tuple& tuple) {
    const auto first = static_cast<std::int32_t>(batch_.fields.size());
    for (const FieldText& field : tuple) {
      batch_.fields.push_back(ChangeBatch::Field{field.state, static_cast<std::uint32_t>(batch_.texts.size()),
                                                 static_cast<std::uint32_t>(field.text.size())});
      batch_.texts += field.text;
    }
    return first;
  }
  ChangeBatch batch_;
};

std::set<std::string> keys(const FanoutOut& out, std::uint16_t index) {
  std::set<std::string> found;
  for (const KeyPage& page : out.direct)
    if (page.index == IndexId{index}) found.insert(page.keys.begin(), page.keys.end());
  return found;
}
std::set<std::string> starts(const FanoutOut& out) {
  std::set<std::string> found;
  for (const LookupPlan::Start& start : out.lookups.starts) found.insert(start.values.begin(), start.values.end());
  return found;
}

using Set = std::set<std::string>;

TEST(Fanout, a_root_row_names_its_document) {
  const FanoutOut out = fan_out(small_plan(), Changes().add(0, ChangeOp::insert, {}, Tuple{text("7")}).take());
  EXPECT_EQ(keys(out, 0), Set{"7"});
  EXPECT_EQ(out.announced.seq, GroupSeq{4});
  EXPECT_EQ(out.announced.end_lsn, Lsn{99});
  EXPECT_EQ(out.announced.parts, 1U);
  ASSERT_EQ(out.direct.size(), 1U);
  EXPECT_EQ(out.direct[0].pages_of_part, 1U);
}

TEST(Fanout, a_deleted_root_row_names_its_document_by_its_old_key) {
  EXPECT_EQ(keys(fan_out(small_plan(), Changes().add(0, ChangeOp::remove, Tuple{text("7")}, {}).take()), 0), Set{"7"});
}

TEST(Fanout, a_changed_key_names_the_document_it_left_and_the_one_it_became) {
  EXPECT_EQ(
      keys(fan_out(small_plan(), Changes().add(0, ChangeOp::update, Tuple{text("7")}, Tuple{text("8")}).take()), 0),
      (Set{"7", "8"}));
}

TEST(Fanout, a_moved_child_touches_both_parents) {
  const FanoutOut out =
      fan_out(small_plan(),
              Changes().add(1, ChangeOp::update, Tuple{text("c"), text("1")}, Tuple{text("c"), text("2")}).take());
  EXPECT_EQ(keys(out, 0), (Set{"1", "2"}));
  EXPECT_EQ(starts(out), Set{"c"});
  EXPECT_EQ(out.announced.parts, 2U) << "direct keys are one part, lookups another";
}

TEST(Fanout, a_root_row_with_null_in_its_key_is_counted_and_a_null_foreign_key_is_not) {
  Plan plan = small_plan();
  for (std::size_t i = 0; i < 3; ++i)
    plan.tables[i].info.table = {"public", std::string(1, static_cast<char>('a' + i))};
  plan.tables[0].columns = {"id"};
  plan.tables[1].columns = {"id", "a_id"};
  plan.tables[2].columns = {"x", "y"};
  plan.indexes[0].schema.table = {"public", "a"};
  plan.indexes[0].schema.primary_key = {"id"};
  plan.indexes[1].schema.table = {"public", "c"};
  plan.indexes[1].schema.primary_key = {"x", "y"};
  const FanoutOut out = fan_out(plan, Changes()
                                          .add(0, ChangeOp::insert, {}, Tuple{kNull})
                                          .add(0, ChangeOp::remove, Tuple{text("1")}, {})
                                          .add(1, ChangeOp::insert, {}, Tuple{text("c"), kNull})
                                          .add(2, ChangeOp::insert, {}, Tuple{text("1"), kNull})
                                          .add(2, ChangeOp::update, {}, Tuple{kNull, text("1")})
                                          .take());
  EXPECT_EQ(out.null_keys, (std::map<IndexId, std::uint64_t>{{IndexId{0}, 1}, {IndexId{1}, 2}}));
}

TEST(Fanout, a_null_link_leads_nowhere) {
  const FanoutOut out = fan_out(
      small_plan(), Changes().add(1, ChangeOp::update, Tuple{text("c"), text("1")}, Tuple{text("c"), kNull}).take());
  EXPECT_EQ(keys(out, 0), Set{"1"});
  EXPECT_TRUE(out.old_rows.empty());
}

TEST(Fanout, values_are_asked_once_per_batch) {
  Changes changes;
  for (int i = 0; i < 100; ++i) changes.add(1, ChangeOp::insert, {}, Tuple{text("c"), text("1")});
  const FanoutOut out = fan_out(small_plan(), changes.take());
  ASSERT_EQ(out.lookups.starts.size(), 1U);
  EXPECT_EQ(out.lookups.starts[0].values.size(), 1U);
  EXPECT_EQ(out.direct[0].keys.size(), 1U);
}

TEST(Fanout, a_composite_key_is_written_as_an_id) {
  EXPECT_EQ(
      keys(fan_out(small_plan(), Changes().add(2, ChangeOp::insert, {}, Tuple{text("a:b"), text("50%")}).take()), 1),
      Set{"a%3Ab:50%25"});
}

TEST(Fanout, pages_of_several_indexes_are_one_part_and_its_last_page_counts_them) {
  const FanoutOut out = fan_out(small_plan(), Changes()
                                                  .add(0, ChangeOp::insert, {}, Tuple{text("1")})
                                                  .add(2, ChangeOp::insert, {}, Tuple{text("a"), text("b")})
                                                  .take());
  ASSERT_EQ(out.direct.size(), 2U);
  EXPECT_FALSE(out.direct[0].pages_of_part.has_value());
  EXPECT_EQ(out.direct[1].pages_of_part, 2U);
  EXPECT_EQ(out.announced.parts, 1U);
}

TEST(Fanout, a_batch_without_changes_is_a_group_without_parts) {
  const FanoutOut out = fan_out(small_plan(), Changes().take());
  EXPECT_EQ(out.announced.parts, 0U);
  EXPECT_TRUE(out.direct.empty());
  EXPECT_TRUE(out.lookups.empty());
}

TEST(Fanout, the_change_lease_goes_with_the_announcement) {
  ByteBudget budget("changes", 100);
  ChangeBatch batch = Changes().add(0, ChangeOp::insert, {}, Tuple{text("1")}).take();
  batch.lease = *budget.try_acquire(60, Urgency::live);
  {
    const FanoutOut out = fan_out(small_plan(), std::move(batch));
    EXPECT_EQ(out.announced.change_lease->bytes(), 60U);
    EXPECT_EQ(budget.used(), 60U);
  }
  EXPECT_EQ(budget.used(), 0U);
}

struct OldCase {
  const char* name;
  ChangeOp op;
  std::optional<Tuple> before;
  bool in_identity;
  Set tokens;
};

TEST(Fanout, a_row_whose_old_version_does_not_name_its_document_is_told_by_its_token) {
  const OldCase table[] = {
      {"update, old tuple names it", ChangeOp::update, Tuple{text("c"), text("1")}, false, {}},
      {"update, old tuple lacks it",
       ChangeOp::update,
       Tuple{text("b"), kMissing},
       false,
       {"public.child\x1f"
        "b"}},
      {"update, no old tuple, in the identity: unchanged", ChangeOp::update, {}, true, {}},
      {"update, no old tuple, outside the identity",
       ChangeOp::update,
       {},
       false,
       {"public.child\x1f"
        "c"}},
      {"insert", ChangeOp::insert, {}, false, {}},
      {"delete that lacks it",
       ChangeOp::remove,
       Tuple{text("b"), kMissing},
       false,
       {"public.child\x1f"
        "b"}},
  };
  for (const OldCase& row : table) {
    Plan plan = small_plan();
    plan.tables[1].info.table = TableRef{"public", "child"};
    plan.tables[1].row_key = {0};
    plan.tables[1].links = {direct(0, {1})};
    plan.tables[1].links[0].in_identity = row.in_identity;
    const std::optional<Tuple> after =
        row.op == ChangeOp::remove ? std::nullopt : std::optional(Tuple{text("c"), text("2")});
    const FanoutOut out = fan_out(plan, Changes().add(1, row.op, row.before, after).take());
    Set tokens;
    for (const auto& [index, of_index] : out.old_rows) {
      EXPECT_EQ(index, IndexId{0});
      tokens.insert(of_index.begin(), of_index.end());
    }
    EXPECT_EQ(tokens, row.tokens) << row.name;
  }
}

TEST(Fanout, a_value_that_neither_tuple_carries_is_looked_up_by_the_row) {
  Plan plan = small_plan();
  plan.tables[1].row_key = {0};
  plan.tables[1].links = {direct(0, {1})};
  plan.tables[1].links[0].by_row = PathId{0};
  const FanoutOut out = fan_out(plan, Changes().add(1, ChangeOp::update, {}, Tuple{text("c"), kUnchanged}).take());
  ASSERT_EQ(out.lookups.starts.size(), 1U);
  EXPECT_EQ(out.lookups.starts[0].path, PathId{0});
  EXPECT_EQ(out.lookups.starts[0].values, std::vector<std::string>{"c"});
}

TEST(Fanout, an_unsent_key_is_taken_from_the_old_tuple) {
  const FanoutOut out =
      fan_out(small_plan(),
              Changes().add(1, ChangeOp::update, Tuple{text("c"), text("1")}, Tuple{text("c"), kUnchanged}).take());
  EXPECT_EQ(keys(out, 0), Set{"1"});
}

}  // namespace
}  // namespace flusso::stages
