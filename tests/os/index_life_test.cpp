// The life of an index on a real cluster: staged, promoted, replaced, retired, and found again after every half-done
// step.
#include "tests/os/opensearch_fixture.h"

namespace flusso {
namespace {

using http::Method;
using nlohmann::json;
using testing::index_plan;
using testing::mapping_field;
using Names = std::vector<std::string>;

class IndexLife : public testing::OpenSearchTest {
 protected:
  IndexPlan users_ = index_plan("users", "f53a8889", {mapping_field("id", "long"), mapping_field("email", "keyword")});
  IndexAdmin& admin() { return *sink_.admin; }
  IndexState state() { return admin().state(users_).value(); }
  void record(const std::string& text) { ASSERT_TRUE(admin().save(prefix_ + "users_f53a8889", text)); }
};

TEST_F(IndexLife, nothing_is_known_and_nothing_created_before_the_first_stage) {
  const IndexState empty = state();
  EXPECT_EQ(empty.active, Generation{0});
  EXPECT_FALSE(empty.seeded);
  EXPECT_FALSE(empty.staged);
  EXPECT_EQ(empty.uuid, "");
  EXPECT_FALSE(exists("users_f53a8889_1"));
  EXPECT_EQ(admin().hash_alias(users_), prefix_ + "users_f53a8889");
}

TEST_F(IndexLife, the_bookkeeping_index_is_hidden_and_maps_nothing_of_ours) {
  const json meta = get("/" + prefix_ + "flusso_meta").at(prefix_ + "flusso_meta");
  EXPECT_EQ(meta["settings"]["index"]["hidden"], "true");
  EXPECT_EQ(meta["settings"]["index"]["number_of_shards"], "1");
  EXPECT_EQ(
      meta["mappings"],
      json::parse(
          R"({"dynamic":"false","properties":{"active_generation":{"type":"long"},"seeded":{"type":"boolean"}}})"));
  EXPECT_TRUE(admin().connect()) << "a second start finds it there";
}

TEST_F(IndexLife, a_bookkeeping_index_that_was_created_implicitly_is_tamed) {
  call(Method::del, "/" + prefix_ + "flusso_meta");
  call(Method::put, "/" + prefix_ + "flusso_meta/_doc/" + prefix_ + "users_f53a8889",
       R"({"active_generation":1,"seeded":true})");
  ASSERT_TRUE(admin().connect());
  ASSERT_TRUE(admin().save("other", R"({"chunk":{"a":1}})"));
  const json meta = get("/" + prefix_ + "flusso_meta").at(prefix_ + "flusso_meta");
  EXPECT_EQ(meta["mappings"]["dynamic"], "false");
  EXPECT_FALSE(meta["mappings"]["properties"].contains("chunk"));
}

TEST_F(IndexLife, a_first_generation_is_strict_silent_and_behind_both_aliases_at_once) {
  EXPECT_EQ(admin().stage(users_).value(), Generation{1});
  const IndexState staged = state();
  EXPECT_EQ(staged.active, Generation{1});
  EXPECT_FALSE(staged.seeded);
  EXPECT_FALSE(staged.staged);
  EXPECT_FALSE(staged.uuid.empty());
  const json index = get("/" + prefix_ + "users_f53a8889_1").at(prefix_ + "users_f53a8889_1");
  EXPECT_EQ(index["mappings"]["dynamic"], "strict");
  EXPECT_EQ(index["settings"]["index"]["refresh_interval"], "-1");
  EXPECT_EQ(holders("users_f53a8889"), Names{"users_f53a8889_1"});
  EXPECT_EQ(holders("users"), Names{"users_f53a8889_1"});
  EXPECT_TRUE(admin().exists(users_, Generation{1}).value());
  EXPECT_FALSE(admin().exists(users_, Generation{2}).value());
}

TEST_F(IndexLife, promote_refreshes_sets_the_interval_and_marks_the_index_seeded_and_may_be_repeated) {
  ASSERT_TRUE(admin().stage(users_));
  call(Method::put, "/" + prefix_ + "users_f53a8889_1/_doc/7", R"({"id":7,"email":"a"})");
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(admin().promote(users_, Generation{1}));
  EXPECT_EQ(get("/" + prefix_ + "users/_count")["count"], 1);
  EXPECT_EQ(
      get("/" + prefix_ + "users/_settings")[prefix_ + "users_f53a8889_1"]["settings"]["index"]["refresh_interval"],
      "10s");
  EXPECT_TRUE(state().seeded);
  EXPECT_EQ(state().active, Generation{1});
  const json stored = json::parse(admin().load(prefix_ + "users_f53a8889").value().value());
  EXPECT_EQ(stored["active_generation"], 1);
  EXPECT_EQ(stored["seeded"], true);
}

TEST_F(IndexLife, a_reindex_keeps_readers_on_the_old_generation_until_the_promote) {
  ASSERT_TRUE(admin().stage(users_));
  ASSERT_TRUE(admin().promote(users_, Generation{1}));
  ASSERT_EQ(admin().stage(users_).value(), Generation{2});
  const IndexState building = state();
  EXPECT_EQ(building.active, Generation{1});
  EXPECT_TRUE(building.seeded);
  EXPECT_EQ(building.staged, Generation{2});
  EXPECT_EQ(holders("users_f53a8889"), Names{"users_f53a8889_1"});
  EXPECT_EQ(holders("users"), Names{"users_f53a8889_1"});
  ASSERT_TRUE(admin().promote(users_, Generation{2}));
  EXPECT_EQ(holders("users_f53a8889"), Names{"users_f53a8889_2"});
  EXPECT_EQ(holders("users"), Names{"users_f53a8889_2"});
  EXPECT_TRUE(exists("users_f53a8889_1"));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(admin().retire_others(users_, Generation{2}));
  EXPECT_FALSE(exists("users_f53a8889_1"));
  const IndexState after = state();
  EXPECT_EQ(after.active, Generation{2});
  EXPECT_TRUE(after.seeded);
  EXPECT_FALSE(after.staged);
}

TEST_F(IndexLife, a_crash_between_alias_and_record_is_repaired_by_promoting_again) {
  ASSERT_TRUE(admin().stage(users_));
  ASSERT_TRUE(admin().promote(users_, Generation{1}));
  ASSERT_TRUE(admin().stage(users_));
  const std::string before = admin().load(prefix_ + "users_f53a8889").value().value();
  ASSERT_TRUE(admin().promote(users_, Generation{2}));
  record(before);
  EXPECT_EQ(state().staged, Generation{2});
  ASSERT_TRUE(admin().promote(users_, Generation{2}));
  EXPECT_EQ(state().active, Generation{2});
  EXPECT_EQ(holders("users_f53a8889"), Names{"users_f53a8889_2"});
}

TEST_F(IndexLife, an_index_without_a_record_is_skipped_over_and_its_number_never_reused) {
  ASSERT_TRUE(admin().stage(users_));
  ASSERT_TRUE(admin().remove(prefix_ + "users_f53a8889"));
  EXPECT_EQ(state().active, Generation{0});
  EXPECT_EQ(admin().stage(users_).value(), Generation{2});
  EXPECT_EQ(holders("users_f53a8889"), Names{"users_f53a8889_2"});
  call(Method::del, "/" + prefix_ + "users_f53a8889_1");
  call(Method::del, "/" + prefix_ + "users_f53a8889_2");
  EXPECT_EQ(state().active, Generation{0});
  EXPECT_EQ(admin().stage(users_).value(), Generation{3});
}

TEST_F(IndexLife, a_generation_that_was_deleted_and_came_back_by_itself_does_not_count) {
  ASSERT_TRUE(admin().stage(users_));
  ASSERT_TRUE(admin().promote(users_, Generation{1}));
  call(Method::del, "/" + prefix_ + "users_f53a8889_1");
  call(Method::put, "/" + prefix_ + "users_f53a8889_1/_doc/7", R"({"id":7})");
  EXPECT_EQ(state().active, Generation{0});
  EXPECT_FALSE(state().seeded);
  ASSERT_EQ(admin().stage(users_).value(), Generation{2});
  EXPECT_EQ(holders("users_f53a8889"), Names{"users_f53a8889_2"});
}

TEST_F(IndexLife, when_only_the_staged_generation_is_left_it_is_the_one_to_finish) {
  ASSERT_TRUE(admin().stage(users_));
  ASSERT_TRUE(admin().promote(users_, Generation{1}));
  ASSERT_TRUE(admin().stage(users_));
  call(Method::del, "/" + prefix_ + "users_f53a8889_1");
  const IndexState left = state();
  EXPECT_EQ(left.active, Generation{2});
  EXPECT_FALSE(left.seeded);
  EXPECT_FALSE(left.staged);
  ASSERT_TRUE(admin().promote(users_, Generation{2}));
  EXPECT_EQ(holders("users"), Names{"users_f53a8889_2"});
}

TEST_F(IndexLife, a_record_of_another_tool_is_taken_over) {
  call(Method::put, "/" + prefix_ + "users_f53a8889_4", "{}");
  record(R"({"active_generation":4,"seeded":true})");
  const IndexState taken = state();
  EXPECT_EQ(taken.active, Generation{4});
  EXPECT_TRUE(taken.seeded);
  EXPECT_FALSE(taken.uuid.empty());
}

TEST_F(IndexLife, a_new_schema_leaves_the_readers_of_the_old_alone_until_it_is_complete) {
  ASSERT_TRUE(admin().stage(users_));
  ASSERT_TRUE(admin().promote(users_, Generation{1}));
  const IndexPlan next = index_plan("users", "0123abcd", {mapping_field("id", "long")});
  ASSERT_TRUE(admin().stage(next));
  EXPECT_EQ(holders("users"), Names{"users_f53a8889_1"});
  EXPECT_EQ(holders("users_0123abcd"), Names{"users_0123abcd_1"});
  ASSERT_TRUE(admin().promote(next, Generation{1}));
  EXPECT_EQ(holders("users"), Names{"users_0123abcd_1"});
  EXPECT_EQ(holders("users_f53a8889"), Names{"users_f53a8889_1"});
  ASSERT_TRUE(admin().retire_others(next, Generation{1}));
  EXPECT_TRUE(exists("users_f53a8889_1"));
}

TEST_F(IndexLife, a_foreign_index_keeps_the_convenience_name) {
  call(Method::put, "/" + prefix_ + "users", "{}");
  ASSERT_TRUE(admin().stage(users_));
  ASSERT_TRUE(admin().promote(users_, Generation{1}));
  EXPECT_EQ(holders("users_f53a8889"), Names{"users_f53a8889_1"});
  const IndexPlan orders = index_plan("orders", "0123abcd", {mapping_field("id", "long")});
  call(Method::put, "/" + prefix_ + "archive", R"({"aliases":{")" + prefix_ + R"(orders":{}}})");
  ASSERT_TRUE(admin().stage(orders));
  ASSERT_TRUE(admin().promote(orders, Generation{1}));
  EXPECT_EQ(holders("orders"), Names{"archive"});
  EXPECT_EQ(holders("orders_0123abcd"), Names{"orders_0123abcd_1"});
}

TEST_F(IndexLife, a_concrete_index_in_the_place_of_the_hash_alias_is_named) {
  call(Method::put, "/" + prefix_ + "users_f53a8889", "{}");
  EXPECT_EQ(admin().state(users_).error().code, "os.alias_is_index");
  EXPECT_EQ(admin().stage(users_).error().code, "os.alias_is_index");
}

TEST_F(IndexLife, an_index_name_that_opensearch_refuses_is_a_permanent_error_with_its_reason) {
  const Error error = admin().stage(index_plan("USERS", "f53a8889", {})).error();
  EXPECT_EQ(error.code, "http.400");
  EXPECT_EQ(error.kind, ErrorKind::permanent);
  EXPECT_NE(error.what.find("lowercase"), std::string::npos) << error.what;
}

TEST_F(IndexLife, stored_documents_are_read_back_at_once_and_byte_for_byte) {
  EXPECT_EQ(admin().load("source:flusso").value(), std::nullopt);
  const std::string text = R"({"n":12345678901234567890,"x":[1.50,"é\u0000"],"deep":{"a":{"b":{}}}})";
  ASSERT_TRUE(admin().save("source:flusso", text));
  EXPECT_EQ(admin().load("source:flusso").value(), text);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(admin().remove("source:flusso"));
  EXPECT_EQ(admin().load("source:flusso").value(), std::nullopt);
}

TEST_F(IndexLife, no_bulk_is_running_in_an_idle_cluster) { EXPECT_EQ(admin().running_bulks().value(), 0U); }

}  // namespace
}  // namespace flusso
