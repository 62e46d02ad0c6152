// Chunks: that they cover every row once, whatever the key's type, and that moved rows are noticed.

#include <gtest/gtest.h>

#include "documents_fixture.h"
#include "io/pg/ranges.h"

namespace flusso::pg {
namespace {

using namespace test;

class Scan : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store.ready()); }

  IndexSchema schema_of(const std::string& table, KeyColumns key, bool with_relation) {
    IndexSchema schema;
    schema.table = store.table(table);
    schema.primary_key = std::move(key);
    schema.fields = {column("v", FieldKind::integer)};
    if (with_relation) {
      AggregateField count;
      count.table = store.table("child");
      count.foreign_key = {"v"};
      if (schema.primary_key.size() == 1) schema.fields.push_back(field("children", count));
    }
    return schema;
  }

  Store store;
};

TEST_F(Scan, blocks_cover_a_flat_table_and_rows_added_later) {
  store.exec(
      "CREATE TABLE t (id int PRIMARY KEY, v int, pad text); INSERT INTO t SELECT i, i, repeat('x', 500) FROM "
      "generate_series(1, 20000) i; ANALYZE t");
  const Plan plan = store.plan(schema_of("t", {"id"}, false));
  const auto scan = make_scan(source_options(), plan);
  const auto chunks = scan->plan(IndexId{0});
  ASSERT_TRUE(chunks);
  EXPECT_GE(chunks->chunks.size(), 4U);
  EXPECT_EQ(chunks->chunks.front().kind, Chunk::Kind::ctid);
  EXPECT_TRUE(chunks->chunks.back().to.empty());
  EXPECT_NEAR(chunks->chunks.front().rows * static_cast<double>(chunks->chunks.size()), 20000, 2000);
  store.exec("INSERT INTO t SELECT i, i, repeat('x', 500) FROM generate_series(20001, 20500) i");
  Collected seen;
  ByteBudget budget("documents", 256ULL << 20);
  Intake intake(IndexId{0}, budget, {}, [&seen](const DocBatch& part) { seen.take(part); }, {});
  for (const Chunk& chunk : chunks->chunks)
    ASSERT_TRUE(scan->read(IndexId{0}, chunk, chunks->filenode, Targets{1}, intake, {}));
  EXPECT_EQ(seen.documents.size(), 20500U);
  EXPECT_EQ(seen.rows, 20500U);
}

TEST_F(Scan, a_rewritten_table_is_noticed) {
  store.exec("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)");
  const Plan plan = store.plan(schema_of("t", {"id"}, false));
  const auto scan = make_scan(source_options(), plan);
  const auto chunks = scan->plan(IndexId{0});
  ASSERT_TRUE(chunks);
  store.exec("VACUUM FULL t");
  Collected seen;
  ByteBudget budget("documents", 256ULL << 20);
  Intake intake(IndexId{0}, budget, {}, [&seen](const DocBatch& part) { seen.take(part); }, {});
  const Status done = scan->read(IndexId{0}, chunks->chunks[0], chunks->filenode, Targets{1}, intake, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "pg.rewritten");
  EXPECT_EQ(done.error().kind, ErrorKind::permanent);
  EXPECT_EQ(seen.rows, 0U);
  EXPECT_EQ(scan_documents(plan).documents.size(), 1U);
}

TEST_F(Scan, rows_without_a_key_have_no_document_and_are_counted_once) {
  store.exec(
      "CREATE TABLE child (id int PRIMARY KEY, v int); CREATE TABLE t (a int UNIQUE, b text, v int, UNIQUE (a, b));"
      "INSERT INTO t SELECT CASE WHEN i > 3 THEN i END, CASE WHEN i <> 7 THEN 'b' END, i FROM generate_series(1, 5000) "
      "i");
  for (const bool deep : {false, true}) {
    EXPECT_EQ(scan_documents(store.plan(schema_of("t", {"a"}, deep))).documents.size(), 4997U);
    EXPECT_EQ(scan_documents(store.plan(schema_of("t", {"a"}, deep))).losses,
              (std::map<std::string, std::uint64_t>{{"a null_key", 3}}));
  }
  IndexSchema composite = schema_of("t", {"a", "b"}, false);
  composite.filters = {{compare("v", FilterOp::gt, {"1"})}};
  const Collected seen = scan_documents(store.plan(composite));
  EXPECT_EQ(seen.documents.size(), 4996U);
  EXPECT_EQ(seen.losses, (std::map<std::string, std::uint64_t>{{"a,b null_key", 3}})) << "one of them is filtered out";
}

TEST_F(Scan, an_empty_table_is_one_open_chunk) {
  store.exec("CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE child (id int PRIMARY KEY, v int)");
  for (const bool deep : {false, true}) {
    const Plan plan = store.plan(schema_of("t", {"id"}, deep));
    const auto scan = make_scan(source_options(), plan);
    const auto chunks = scan->plan(IndexId{0});
    ASSERT_TRUE(chunks);
    EXPECT_EQ(chunks->chunks.size(), 1U);
    EXPECT_TRUE(chunks->chunks[0].to.empty());
    EXPECT_TRUE(scan_documents(plan).documents.empty());
  }
}

TEST_F(Scan, key_ranges_cover_every_row_once_for_every_key_type) {
  store.exec("CREATE TABLE child (id int PRIMARY KEY, v int); CREATE TYPE mood AS ENUM ('a', 'b', 'c')");
  const std::vector<std::pair<std::string, std::string>> types = {
      {"int", "i - 5000"},
      {"bigint", "i * 1000000007::bigint"},
      {"text", "CASE WHEN i = 1 THEN '' ELSE md5(i::text) || ''':%é' END"},
      {"uuid", "md5(i::text)::uuid"},
      {"numeric", "i * 1.25"},
      {"timestamptz", "timestamptz '2024-01-01' + i * interval '1.5 seconds'"},
      {"date", "date '2000-01-01' + i"},
      {"bytea", "decode(md5(i::text), 'hex')"},
      {"char(12)", "lpad(i::text, 8)"},
      {"double precision", "i / 3.0"}};
  for (const auto& [type, value] : types) {
    SCOPED_TRACE(type);
    store.exec("DROP TABLE IF EXISTS t; CREATE TABLE t (id " + type + " PRIMARY KEY, v int); INSERT INTO t SELECT " +
               value + ", i FROM generate_series(1, 9000) i; ANALYZE t");
    IndexSchema schema = schema_of("t", {"id"}, false);
    JoinField join;  // any relation makes it a scan by key ranges
    join.verb = JoinVerb::belongs_to;
    join.table = store.table("child");
    join.primary_key = {"id"};
    join.key = {"v"};
    join.fields = {column("id", FieldKind::integer)};
    schema.fields.push_back(field("child", join));
    const Plan plan = store.plan(schema);
    const auto scan = make_scan(source_options(), plan);
    const auto chunks = scan->plan(IndexId{0});
    ASSERT_TRUE(chunks);
    EXPECT_EQ(chunks->chunks.size(), 9U) << "about a thousand rows each";
    EXPECT_EQ(chunks->chunks[0].kind, Chunk::Kind::key);
    const Collected seen = scan_documents(plan);
    EXPECT_EQ(seen.documents.size(), 9000U);
    EXPECT_EQ(seen.rows, 9000U);
  }
}

TEST_F(Scan, composite_keys_and_partitions_are_cut_by_key) {
  store.exec(
      "CREATE TABLE t (a int, b text, v int, PRIMARY KEY (a, b)) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t "
      "FOR VALUES IN (1, 2);"
      "CREATE TABLE t2 PARTITION OF t DEFAULT; INSERT INTO t SELECT i % 5, 'k:' || i, i FROM generate_series(1, 12000) "
      "i; ANALYZE t");
  const Plan plan = store.plan(schema_of("t", {"a", "b"}, false));
  const auto scan = make_scan(source_options(), plan);
  const auto chunks = scan->plan(IndexId{0});
  ASSERT_TRUE(chunks);
  EXPECT_EQ(chunks->chunks.size(), 12U) << "about a thousand rows each";
  const Collected seen = scan_documents(plan);
  EXPECT_EQ(seen.documents.size(), 12000U);
  EXPECT_EQ(seen.rows, 12000U);
}

TEST_F(Scan, large_tables_are_cut_by_a_sample) {
  store.exec(
      "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, i FROM generate_series(1, 200000) i; "
      "ANALYZE t");
  const Plan plan = store.plan(schema_of("t", {"id"}, false));
  const DocumentSql sql = *document_sql(plan.indexes[0], plan);
  const KeyCut cut = key_cut(sql, plan.tables[0].info, 2e6, 885);  // as if it had ten times the rows
  EXPECT_NE(cut.sql.find("TABLESAMPLE"), std::string::npos);
  const Rows rows = store.exec(cut.sql);
  EXPECT_GT(rows.size(), 50);
  EXPECT_LT(rows.size(), 1100);
  for (int i = 1; i < rows.size(); ++i) EXPECT_LT(rows.integer(i - 1, 0), rows.integer(i, 0));
}

}  // namespace
}  // namespace flusso::pg
