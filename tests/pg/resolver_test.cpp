// From values of changed rows to document keys.

#include <gtest/gtest.h>

#include <algorithm>

#include "documents_fixture.h"
#include "io/pg/reverse_sql.h"

namespace flusso::pg {
namespace {

using namespace test;

class Resolver : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store.ready());
    store.exec(
        "CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE orders (id int PRIMARY KEY, user_id int);"
        "CREATE TABLE items (id int PRIMARY KEY, order_id int, product text); CREATE INDEX ON orders (user_id);"
        "CREATE INDEX ON items (order_id); CREATE INDEX ON items (product);"
        "INSERT INTO users SELECT i FROM generate_series(1, 100) i;"
        "INSERT INTO orders SELECT i, 1 + i % 100 FROM generate_series(1, 1000) i; INSERT INTO orders VALUES (5000, "
        "NULL);"
        "INSERT INTO items SELECT i, i, 'p' || i % 50 FROM generate_series(1, 1000) i; INSERT INTO items VALUES (5000, "
        "5000, 'p1')");
    IndexSchema schema;
    schema.table = store.table("users");
    schema.primary_key = {"id"};
    schema.fields = {column("id", FieldKind::long_integer)};
    plan = store.plan(schema);
    plan.tables.push_back(TablePlan{store.info("orders"), {}, {}, {}, {}});
    plan.tables.push_back(TablePlan{store.info("items"), {}, {}, {}, {}});
    path({Hop{store.table("orders"), {"id"}, {"user_id"}}});
    path({Hop{store.table("items"), {"product"}, {"order_id"}}, Hop{store.table("orders"), {"id"}, {"user_id"}}});
  }

  void path(std::vector<Hop> hops) {
    LookupPath path;
    path.index = IndexId{0};
    path.name = "test";
    path.hops = std::move(hops);
    plan.paths.push_back(std::move(path));
  }

  // Keys in order of text, and the sizes of the pages.
  std::vector<std::string> resolve(const LookupPlan& lookup, std::size_t page_keys = 1000) {
    const auto resolver = make_resolver(source_options(), plan);
    std::vector<std::string> keys;
    pages.clear();
    const Status done = resolver->resolve(lookup, page_keys,
                                          [&](IndexId index, std::vector<std::string> page) -> Status {
                                            EXPECT_EQ(index, IndexId{0});
                                            pages.push_back(page.size());
                                            keys.insert(keys.end(), page.begin(), page.end());
                                            return {};
                                          },
                                          {});
    if (!done) ADD_FAILURE() << done.error().what;
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  static LookupPlan start(std::uint16_t path, std::vector<std::string> values) {
    LookupPlan lookup;
    lookup.starts.push_back({PathId{path}, std::move(values)});
    return lookup;
  }

  Store store;
  Plan plan;
  std::vector<std::size_t> pages;
};

TEST_F(Resolver, one_hop_gives_distinct_keys_and_skips_null) {
  EXPECT_EQ(resolve(start(0, {"1", "101", "2", "5000", "99999"})), (std::vector<std::string>{"2", "3"}));
}

TEST_F(Resolver, hops_chain_up_to_the_root) {
  const auto keys = resolve(start(1, {"p1"}));
  EXPECT_EQ(keys, (std::vector<std::string>{"2", "52"}));
}

TEST_F(Resolver, several_paths_share_a_call) {
  LookupPlan lookup = start(0, {"1"});
  lookup.starts.push_back({PathId{1}, {"p1", "it's {odd}, \"very\"\\", "p2"}});
  lookup.starts.push_back({PathId{0}, {}});
  EXPECT_EQ(resolve(lookup), (std::vector<std::string>{"2", "2", "3", "52", "53"}));
}

TEST_F(Resolver, nothing_to_look_up_needs_no_connection) {
  PgSourceOptions nowhere;
  nowhere.url = Secret("postgres://127.0.0.1:1/none");
  const auto resolver = make_resolver(nowhere, plan);
  EXPECT_TRUE(resolver->resolve(start(0, {}), 10, [](IndexId, std::vector<std::string>) -> Status { return {}; }, {}));
}

TEST_F(Resolver, pages_leave_as_rows_arrive) {
  std::vector<std::string> all;
  for (int i = 1; i <= 1000; ++i) all.push_back(std::to_string(i));
  EXPECT_EQ(resolve(start(0, all), 30).size(), 100U);
  EXPECT_EQ(pages, (std::vector<std::size_t>{30, 30, 30, 10}));
}

TEST_F(Resolver, an_error_of_the_receiver_ends_the_call) {
  const auto resolver = make_resolver(source_options(), plan);
  const Status done = resolver->resolve(
      start(0, {"1", "2"}), 1,
      [](IndexId, std::vector<std::string>) -> Status { return fail(ErrorKind::cancelled, "test.full", "no"); }, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "test.full");
  EXPECT_TRUE(
      resolver->resolve(start(0, {"1"}), 10, [](IndexId, std::vector<std::string>) -> Status { return {}; }, {}));
}

TEST_F(Resolver, a_value_too_large_for_the_column_finds_nothing) {
  EXPECT_TRUE(resolve(start(0, {"99999999999"})).empty());
}

TEST_F(Resolver, composite_values_and_keys) {
  store.exec(
      "CREATE TABLE link (a int, b text, x int, y text); INSERT INTO link VALUES (1, 'a:b', 7, 'c:d'), (1, 'z', 8, "
      "'50%'), (1, 'a:b', 7, NULL)");
  plan.tables.push_back(TablePlan{store.info("link"), {}, {}, {}, {}});
  path({Hop{store.table("link"), {"a", "b"}, {"x", "y"}}});
  EXPECT_EQ(resolve(start(2, {"1:a%3Ab", "1:q"})), (std::vector<std::string>{"7:c%3Ad"}));
  EXPECT_EQ(resolve(start(2, {"1:z"})), (std::vector<std::string>{"8:50%25"}));
}

TEST_F(Resolver, a_million_keys_pass_in_bounded_pages) {
  store.exec(
      "CREATE TABLE big (id int PRIMARY KEY, category int); INSERT INTO big SELECT i, 1 FROM generate_series(1, "
      "1000000) i");
  plan.tables.push_back(TablePlan{store.info("big"), {}, {}, {}, {}});
  path({Hop{store.table("big"), {"category"}, {"id"}}});
  const auto resolver = make_resolver(source_options(), plan);
  std::size_t keys = 0;
  std::size_t largest = 0;
  const Status done = resolver->resolve(start(2, {"1"}), 1000,
                                        [&](IndexId, const std::vector<std::string>& page) -> Status {
                                          keys += page.size();
                                          largest = std::max(largest, page.size());
                                          return {};
                                        },
                                        {});
  ASSERT_TRUE(done);
  EXPECT_EQ(keys, 1000000U);
  EXPECT_EQ(largest, 1000U);
}

}  // namespace
}  // namespace flusso::pg
