#include "io/opensearch/action_lines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/row_key.h"

namespace flusso::opensearch {
namespace {

Plan plan_of(std::initializer_list<std::pair<std::string, std::string>> indexes) {
  Plan plan;
  for (const auto& [name, hash] : indexes) {
    IndexPlan index;
    index.name = name;
    index.mapping.hash = hash;
    plan.indexes.push_back(index);
  }
  return plan;
}

std::string line(const ActionLines& lines, std::string_view key, std::string_view body, unsigned slot = 0) {
  std::string out;
  lines.append(BulkItem{IndexId{0}, Targets{1}, key, body}, slot, out);
  return out;
}

TEST(ActionLines, an_upsert_and_a_delete_name_the_concrete_index_and_the_id) {
  ActionLines lines("dev_");
  lines.begin_run(plan_of({{"users", "f53a8889"}}));
  lines.set(IndexId{0}, 0, Generation{3});
  EXPECT_EQ(line(lines, "42", "{}"), "{\"index\":{\"_index\":\"dev_users_f53a8889_3\",\"_id\":\"42\"}}\n");
  EXPECT_EQ(line(lines, "42", ""), "{\"delete\":{\"_index\":\"dev_users_f53a8889_3\",\"_id\":\"42\"}}\n");
}

TEST(ActionLines, odd_keys_survive_as_json) {
  ActionLines lines("");
  lines.begin_run(plan_of({{"users", "f53a8889"}}));
  lines.set(IndexId{0}, 0, Generation{1});
  const std::vector<std::string> keys = {"a\"b",   "a\\b", "tab\tnew\nline",      std::string("nul\0x", 5),
                                         "é ☃",    "",     std::string(600, 'k'), "#sha256-x",
                                         "1:50%25"};
  for (const std::string& key : keys) {
    const std::string text = line(lines, key, "{}");
    ASSERT_EQ(text.back(), '\n');
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    const auto parsed = nlohmann::json::parse(text);
    EXPECT_EQ(parsed["index"]["_id"], document_id(key));
    EXPECT_EQ(parsed["index"]["_index"], "users_f53a8889_1");
  }
}

TEST(ActionLines, the_two_slots_address_different_generations) {
  ActionLines lines("");
  lines.begin_run(plan_of({{"users", "f53a8889"}, {"orders", "07c42120"}}));
  lines.set(IndexId{0}, 0, Generation{1});
  lines.set(IndexId{0}, 1, Generation{2});
  lines.set(IndexId{1}, 0, Generation{9});
  EXPECT_NE(line(lines, "1", "{}", 1).find("users_f53a8889_2"), std::string::npos);
  EXPECT_EQ(lines.concrete_indexes({IndexId{1}, IndexId{0}, IndexId{0}, IndexId{7}}),
            (std::vector<std::string>{"orders_07c42120_9", "users_f53a8889_1", "users_f53a8889_2"}));
  lines.set(IndexId{0}, 0, std::nullopt);
  EXPECT_EQ(lines.concrete_indexes({IndexId{0}}), std::vector<std::string>{"users_f53a8889_2"});
}

TEST(ActionLines, a_new_run_forgets_the_generations_of_the_last) {
  ActionLines lines("");
  lines.begin_run(plan_of({{"users", "f53a8889"}}));
  lines.set(IndexId{0}, 0, Generation{1});
  lines.begin_run(plan_of({{"orders", "07c42120"}}));
  EXPECT_TRUE(lines.concrete_indexes({IndexId{0}}).empty());
}

TEST(ActionLinesDeathTest, a_document_for_a_slot_without_a_generation_ends_the_process) {
  ActionLines lines("");
  lines.begin_run(plan_of({{"users", "f53a8889"}}));
  EXPECT_DEATH(line(lines, "1", "{}"), "slot without a generation");
}

}  // namespace
}  // namespace flusso::opensearch
