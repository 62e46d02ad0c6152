// How documents are read: what happens around the statement. Locks, snapshots, bad rows, lost connections, memory.

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <random>
#include <thread>

#include "documents_fixture.h"

namespace flusso::pg {
namespace {

using namespace test;

class DocumentReads : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store.ready());
    store.exec(
        "CREATE TABLE parent (id int PRIMARY KEY, v text, d int); CREATE TABLE child (id int PRIMARY KEY, parent_id "
        "int, n numeric);"
        "CREATE INDEX ON child (parent_id); INSERT INTO parent SELECT i, 'v' || i, i FROM generate_series(1, 1000) i;"
        "INSERT INTO child SELECT i, i, i FROM generate_series(1, 1000) i");
    schema.table = store.table("parent");
    schema.primary_key = {"id"};
    AggregateField sum;
    sum.op = AggregateOp::sum;
    sum.table = store.table("child");
    sum.column = "n";
    sum.value_type = FieldKind::decimal;
    sum.foreign_key = {"parent_id"};
    schema.fields = {column("v", FieldKind::keyword), field("sum", sum)};
  }

  // Another session, for what other people do meanwhile.
  Conn other() {
    auto conn = Conn::connect(conn_params());
    EXPECT_TRUE(conn);
    EXPECT_TRUE(conn->exec("SET search_path = " + store.schema()));
    return std::move(*conn);
  }

  // Returns once some session waits for a lock that `pid` holds.
  void await_waiter(int pid) {
    while (store.exec("SELECT 1 FROM pg_stat_activity WHERE " + std::to_string(pid) + " = ANY(pg_blocking_pids(pid))")
               .empty())
      std::this_thread::yield();
  }

  static std::vector<std::string> keys(int from, int to) {
    std::vector<std::string> out;
    for (int i = from; i <= to; ++i) out.push_back(std::to_string(i));
    return out;
  }

  Store store;
  IndexSchema schema;
};

TEST_F(DocumentReads, a_batch_of_any_size_has_one_row_per_key) {
  const Plan plan = store.plan(schema);
  const Collected seen = read_documents(plan, keys(1, 1300));
  EXPECT_EQ(seen.documents.size(), 1000U);
  EXPECT_EQ(seen.tombstones.size(), 300U);
  EXPECT_EQ(seen.rows, 1300U);
  EXPECT_EQ(seen.documents.at("700"), R"({"v":"v700","sum":700})");
  EXPECT_TRUE(read_documents(plan, {}).documents.empty());
}

TEST_F(DocumentReads, a_reader_that_waited_for_a_rewrite_sees_the_rewritten_rows) {
  const Plan plan = store.plan(schema);
  const auto source = make_document_source(source_options(), plan);
  ASSERT_TRUE(
      read_with(*source, batch_of({"5"})).status);  // prepared: the next call meets the lock inside its transaction
  Conn ddl = other();
  ASSERT_TRUE(ddl.exec("BEGIN; ALTER TABLE child ALTER n TYPE numeric USING n * 100"));
  auto live = std::async(std::launch::async, [&] { return read_with(*source, batch_of({"5"})); });
  await_waiter(ddl.backend_pid());
  ASSERT_TRUE(ddl.exec("COMMIT"));
  EXPECT_EQ(live.get().documents["5"], R"({"v":"v5","sum":500})");
}

TEST_F(DocumentReads, a_scan_that_waited_for_a_rewrite_sees_the_rewritten_rows) {
  const Plan plan = store.plan(schema);
  const auto scan = make_scan(source_options(), plan);
  const auto chunks = scan->plan(IndexId{0});
  ASSERT_TRUE(chunks);
  ASSERT_EQ(chunks->chunks.size(), 1U);
  Conn ddl = other();
  ASSERT_TRUE(ddl.exec("BEGIN; ALTER TABLE child ALTER n TYPE numeric USING n * 100"));
  Collected seen;
  auto reading = std::async(std::launch::async, [&] {
    ByteBudget budget("documents", 256ULL << 20);
    Intake intake(IndexId{0}, budget, {}, [&seen](const DocBatch& part) { seen.take(part); }, {});
    return scan->read(IndexId{0}, chunks->chunks[0], 0, Targets{1}, intake, {});
  });
  await_waiter(ddl.backend_pid());
  ASSERT_TRUE(ddl.exec("COMMIT"));
  ASSERT_TRUE(reading.get());
  EXPECT_EQ(seen.documents["5"], R"({"v":"v5","sum":500})");
  EXPECT_EQ(seen.documents.size(), 1000U);
}

TEST_F(DocumentReads, a_document_that_fails_is_found_and_the_others_flow) {
  schema.filters = {{Filter{FilterRaw{"1000 / (d - 333) IS NOT NULL"}, {}}}};
  store.exec("UPDATE parent SET d = 333 WHERE id IN (7, 600)");
  store.exec("UPDATE parent SET d = 1 WHERE id = 333");
  const Plan plan = store.plan(schema);
  const Collected live = read_documents(plan, keys(1, 1001));
  ASSERT_EQ(live.failures.size(), 2U);
  EXPECT_EQ(live.failures.at("7").code, "pg.22012");
  EXPECT_TRUE(live.failures.contains("600"));
  EXPECT_EQ(live.documents.size(), 998U);
  EXPECT_EQ(live.tombstones, std::set<std::string>{"1001"});
  EXPECT_EQ(live.rows, 999U);
  const Collected seed = scan_documents(plan);
  EXPECT_EQ(seed.failures.size(), 2U);
  EXPECT_EQ(seed.documents, live.documents);
  EXPECT_EQ(seed.rows, 998U);
}

TEST_F(DocumentReads, an_overflow_in_an_aggregate_concerns_one_document) {
  store.exec(
      "ALTER TABLE child ALTER n TYPE double precision; UPDATE child SET n = 1e308, parent_id = 9 WHERE id IN (9, 10, "
      "11)");
  const Collected live = read_documents(store.plan(schema), keys(1, 20));
  ASSERT_EQ(live.failures.size(), 1U);
  EXPECT_EQ(live.failures.begin()->first, "9");
  EXPECT_EQ(live.documents.size(), 19U);
}

TEST_F(DocumentReads, a_key_that_is_no_value_of_the_type_fails_alone) {
  const Collected seen =
      read_documents(store.plan(schema), {"1", "abc", "2", "99999999999", "nul" + std::string(1, '\0') + "l"});
  EXPECT_EQ(seen.documents.size(), 2U);
  EXPECT_EQ(seen.tombstones.size(), 2U);
  ASSERT_EQ(seen.failures.size(), 1U);
  EXPECT_EQ(seen.failures.begin()->second.code, "pg.22P02");
}

TEST_F(DocumentReads, a_killed_session_is_transient_and_the_next_call_reconnects) {
  const Plan plan = store.plan(schema);
  const auto source = make_document_source(source_options(), plan);
  ASSERT_TRUE(read_with(*source, batch_of({"1"})).status);
  store.exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flusso:flusso:documents' AND "
      "query LIKE '%'");
  Collected lost = read_with(*source, batch_of({"1"}));
  while (lost.status) lost = read_with(*source, batch_of({"1"}));  // the signal may need a moment
  EXPECT_EQ(lost.status.error().kind, ErrorKind::transient);
  const Collected again = read_with(*source, batch_of({"1"}));
  EXPECT_TRUE(again.status);
  EXPECT_EQ(again.documents.size(), 1U);
}

TEST_F(DocumentReads, a_missing_table_is_permanent) {
  const Plan plan = store.plan(schema);
  store.exec("DROP TABLE child");
  const auto source = make_document_source(source_options(), plan);
  const Collected seen = read_with(*source, batch_of({"1", "2"}));
  ASSERT_FALSE(seen.status);
  EXPECT_EQ(seen.status.error().code, "pg.42P01");
  EXPECT_EQ(seen.status.error().kind, ErrorKind::permanent);
  EXPECT_EQ(seen.rows, 0U);
}

TEST_F(DocumentReads, a_stop_request_ends_a_wait_for_a_lock) {
  const Plan plan = store.plan(schema);
  Conn ddl = other();
  ASSERT_TRUE(ddl.exec("BEGIN; LOCK TABLE child IN ACCESS EXCLUSIVE MODE"));
  const auto source = make_document_source(source_options(), plan);
  std::stop_source stop;
  auto live = std::async(std::launch::async, [&] { return read_with(*source, batch_of({"5"}), stop.get_token()); });
  await_waiter(ddl.backend_pid());
  stop.request_stop();
  EXPECT_EQ(live.get().status.error().kind, ErrorKind::cancelled);
}

TEST_F(DocumentReads, a_locked_table_is_left_after_a_moment_and_the_error_names_who_locks_it) {
  const Plan plan = store.plan(schema);
  Conn ddl = other();
  ASSERT_TRUE(ddl.exec("BEGIN; LOCK TABLE child IN ACCESS EXCLUSIVE MODE"));
  const auto source = make_document_source(source_options(), plan);
  const Collected seen = read_with(*source, batch_of({"5"}));
  ASSERT_FALSE(seen.status);
  EXPECT_EQ(seen.status.error().code, "pg.55P03");
  EXPECT_EQ(seen.status.error().kind, ErrorKind::transient);
  const std::string holder = "process " + std::to_string(ddl.backend_pid());
  EXPECT_NE(seen.status.error().what.find(holder), std::string::npos) << seen.status.error().what;
  EXPECT_NE(seen.status.error().what.find("locks table"), std::string::npos) << seen.status.error().what;
  ASSERT_TRUE(ddl.exec("COMMIT"));
  EXPECT_TRUE(read_with(*source, batch_of({"5"})).status);
}

TEST_F(DocumentReads, a_chunk_without_memory_gives_its_locks_back) {
  const Plan plan = store.plan(schema);
  const auto scan = make_scan(source_options(), plan);
  const auto chunks = scan->plan(IndexId{0});
  ASSERT_TRUE(chunks);
  ByteBudget budget("documents", 64 * 1024);
  const auto all = budget.acquire(64 * 1024, Urgency::seed, {});
  Intake::Limits limits;
  limits.urgency = Urgency::seed;
  limits.patience = std::chrono::milliseconds(20);
  Collected seen;
  Intake intake(IndexId{0}, budget, limits, [&seen](const DocBatch& part) { seen.take(part); }, {});
  const Status stalled = scan->read(IndexId{0}, chunks->chunks[0], 0, Targets{1}, intake, {});
  ASSERT_FALSE(stalled);
  EXPECT_EQ(stalled.error().code, "intake.stalled");
  EXPECT_EQ(stalled.error().kind, ErrorKind::transient);
  Conn ddl = other();
  ASSERT_TRUE(ddl.exec("SET lock_timeout = '10s'; ALTER TABLE child ADD x int"));
}

TEST_F(DocumentReads, a_change_of_an_output_type_is_survived) {
  const Plan plan = store.plan(schema);
  const auto source = make_document_source(source_options(), plan);
  ASSERT_TRUE(read_with(*source, batch_of({"1"})).status);
  store.exec("ALTER TABLE parent ALTER id TYPE bigint, ALTER v TYPE varchar(100)");
  Collected seen = read_with(*source, batch_of({"1"}));
  if (!seen.status && seen.status.error().kind == ErrorKind::transient) seen = read_with(*source, batch_of({"1"}));
  ASSERT_TRUE(seen.status);
  EXPECT_EQ(seen.documents["1"], R"({"v":"v1","sum":1})");
}

TEST_F(DocumentReads, live_and_seed_give_the_same_bytes_for_random_rows) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  store.exec(
      "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE r (id bigint PRIMARY KEY, i int, n numeric, f double "
      "precision, t text, c char(4),"
      " b bool, u uuid, d date, ts timestamp, tz timestamptz, ti time, by bytea, j jsonb, m mood, a numeric[], ta "
      "text[]);"
      "CREATE TABLE rc (id int PRIMARY KEY, r_id int, k int, x numeric, y timestamptz); CREATE INDEX ON rc (r_id)");
  store.exec("SELECT setseed(" + std::to_string(static_cast<double>(random() % 1000) / 1000.0) + ")");
  store.exec(
      "INSERT INTO r SELECT i * 7, CASE WHEN random() < .8 THEN (random() * 1e9)::int END, CASE WHEN random() < .1 "
      "THEN 'NaN' ELSE (random() * 1e6)::numeric END, CASE WHEN random() < .1 THEN "
      "'Infinity' ELSE random() * 1e300 END, CASE WHEN random() < .9 THEN chr((1 + random() * 2000)::int) || "
      "E'\"\\\\\\n' || md5(i::text) END,"
      " left(md5(i::text), (random() * 4)::int), random() < .5, md5(i::text)::uuid, CASE WHEN random() < .1 THEN "
      "'infinity' ELSE date "
      "'2000-01-01' + (random() * 9000)::int END, now() + random() * interval '1000 years', CASE WHEN random() < .8 "
      "THEN now() - random() * "
      "interval '3000 years' END, (random() * interval '24 hours')::time, decode(md5(i::text), 'hex'), "
      "jsonb_build_object('k', random()), "
      "(ARRAY['a','b'])[1 + (random() > .5)::int]::mood, ARRAY[random(), 'NaN']::numeric[], ARRAY[md5(i::text), NULL] "
      "FROM generate_series(1, 3000) i");
  store.exec(
      "INSERT INTO rc SELECT i, 7 * (1 + random() * 3200)::int, (random() * 3)::int, random() * 100, now() + i * "
      "interval '1 second' "
      "FROM generate_series(1, 9000) i");
  IndexSchema flat;
  flat.table = store.table("r");
  flat.primary_key = {"id"};
  flat.fields = {
      column("id", FieldKind::long_integer), column("i", FieldKind::integer),    column("n", FieldKind::decimal),
      column("f", FieldKind::double_number), column("t", FieldKind::text),       column("c", FieldKind::keyword),
      column("b", FieldKind::boolean),       column("u", FieldKind::uuid),       column("d", FieldKind::date),
      column("ts", FieldKind::timestamp),    column("tz", FieldKind::timestamp), column("ti", FieldKind::timestamp),
      column("by", FieldKind::binary),       column("j", FieldKind::json),       column("m", FieldKind::enumeration),
      column("a", FieldKind::decimal),       column("ta", FieldKind::keyword)};
  IndexSchema deep = flat;
  JoinField children;
  children.verb = JoinVerb::has_many;
  children.table = store.table("rc");
  children.primary_key = {"id"};
  children.key = {"r_id"};
  children.order_by = {OrderBy{"k", true, true}};
  children.fields = {column("k", FieldKind::integer), column("x", FieldKind::decimal),
                     column("y", FieldKind::timestamp)};
  deep.fields.push_back(field("children", children));
  children.limit = 2;
  deep.fields.push_back(field("first", children));
  const Plan plan = store.plan(std::vector<IndexSchema>{flat, deep});
  for (const std::uint16_t index : {std::uint16_t{0}, std::uint16_t{1}}) {
    const Collected seed_form = scan_documents(plan, index);
    ASSERT_EQ(seed_form.documents.size(), 3000U);
    std::vector<std::string> all;
    for (const auto& [key, body] : seed_form.documents) all.push_back(key);
    std::shuffle(all.begin(), all.end(), random);
    EXPECT_EQ(read_documents(plan, all, index).documents, seed_form.documents);
    for (const auto& [key, body] : seed_form.documents)
      ASSERT_EQ(store.exec("SELECT " + quote_literal(body) + "::json").size(), 1) << body;
  }
}

}  // namespace
}  // namespace flusso::pg
