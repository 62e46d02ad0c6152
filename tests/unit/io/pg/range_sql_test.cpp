#include "io/pg/range_sql.h"

#include "io/pg/ranges.h"
#include "sql_fixture.h"

namespace flusso::pg {
namespace {

using namespace test;

DocumentSql flat(KeyColumns key = {"id"}) {
  DocumentSql sql;
  sql.table = {"public", "t"};
  sql.key = "K";
  sql.document = "D";
  sql.key_columns = std::move(key);
  return sql;
}

std::string text(const DocumentSql& sql, Chunk::Kind kind, const std::string& from, const std::string& to) {
  const auto chunk = chunk_sql(sql, Chunk{kind, {"public", "leaf"}, from, to, 0});
  return chunk ? *chunk : chunk.error().code;
}

TEST(RangeSql, blocks_are_half_open_and_the_last_has_no_end) {
  EXPECT_EQ(text(flat(), Chunk::Kind::ctid, "0", "256"),
            "SELECT K, D FROM \"public\".\"leaf\" AS root WHERE root.ctid >= '(0,0)' AND root.ctid < '(256,0)'");
  EXPECT_EQ(text(flat(), Chunk::Kind::ctid, "256", ""),
            "SELECT K, D FROM \"public\".\"leaf\" AS root WHERE root.ctid >= '(256,0)'");
}

TEST(RangeSql, keys_are_quoted_literals_compared_row_wise) {
  EXPECT_EQ(text(flat(), Chunk::Kind::key, "", ""), "SELECT K, D FROM \"public\".\"t\" AS root");
  EXPECT_EQ(text(flat(), Chunk::Kind::key, "it's", "z\\"),
            "SELECT K, D FROM \"public\".\"t\" AS root WHERE root.\"id\" >= 'it''s' AND root.\"id\" <  E'z\\\\'");
  EXPECT_EQ(text(flat({"a", "b"}), Chunk::Kind::key, "1:x%3Ay", ""),
            "SELECT K, D FROM \"public\".\"t\" AS root WHERE (root.\"a\",root.\"b\") >= ('1','x:y')");
}

TEST(RangeSql, conditions_of_the_index_are_kept) {
  DocumentSql sql = flat();
  sql.key_present = "P";
  sql.conditions = "C";
  EXPECT_EQ(text(sql, Chunk::Kind::key, "", ""), "SELECT K, D FROM \"public\".\"t\" AS root WHERE P AND C");
  EXPECT_EQ(text(sql, Chunk::Kind::ctid, "1", ""),
            "SELECT K, D FROM \"public\".\"leaf\" AS root WHERE root.ctid >= '(1,0)' AND P AND C");
}

TEST(RangeSql, bounds_that_are_no_bounds_are_refused) {
  EXPECT_EQ(text(flat(), Chunk::Kind::ctid, "1); DROP TABLE t; --", ""), "pg.bad_chunk");
  EXPECT_EQ(text(flat(), Chunk::Kind::ctid, "1", "-2"), "pg.bad_chunk");
  EXPECT_EQ(text(flat({"a", "b"}), Chunk::Kind::key, "1", ""), "pg.bad_chunk");
}

TEST(Ranges, block_chunks_are_2_to_8_mb_and_bounded_in_number) {
  const TableRef table{"public", "t"};
  const auto sizes = [&](std::uint32_t blocks) {
    const auto chunks = block_chunks(table, blocks, 8192, 1000);
    return std::pair<std::size_t, std::string>(chunks.size(), chunks.size() > 1 ? chunks[1].from : "");
  };
  EXPECT_EQ(sizes(0), (std::pair<std::size_t, std::string>(1, "")));
  EXPECT_EQ(sizes(256), (std::pair<std::size_t, std::string>(1, "")));
  EXPECT_EQ(sizes(257), (std::pair<std::size_t, std::string>(2, "256")));
  EXPECT_EQ(sizes(1000000), (std::pair<std::size_t, std::string>(977, "1024")));
  EXPECT_LE(sizes(4294967295U).first, kMaxChunks);
  const auto chunks = block_chunks(table, 1000, 8192, 1000);
  for (std::size_t i = 1; i < chunks.size(); ++i) EXPECT_EQ(chunks[i].from, chunks[i - 1].to);
  EXPECT_TRUE(chunks.back().to.empty());
}

TEST(Ranges, key_chunks_meet_and_are_open_at_both_ends) {
  const auto chunks = key_chunks({"public", "t"}, {"a", "", "a", "b"}, 300);
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(chunks[0].from + "|" + chunks[0].to, "|a");
  EXPECT_EQ(chunks[1].from + "|" + chunks[1].to, "a|b");
  EXPECT_EQ(chunks[2].from + "|" + chunks[2].to, "b|");
  EXPECT_EQ(chunks[0].rows, 100);
}

TEST(Ranges, large_tables_are_sampled_and_views_never) {
  TableInfo info;
  EXPECT_EQ(key_cut(flat(), info, 1000, 10).sql.find("TABLESAMPLE"), std::string::npos);
  EXPECT_NE(key_cut(flat(), info, 5e7, 500000).sql.find("TABLESAMPLE SYSTEM (4.0000)"), std::string::npos)
      << key_cut(flat(), info, 5e7, 500000).sql;
  info.kind = 'v';
  EXPECT_EQ(key_cut(flat(), info, 5e7, 500000).sql.find("TABLESAMPLE"), std::string::npos);
  EXPECT_GE(key_cut(flat(), info, 1e10, 1e8).rows_per_chunk, 1e5);
}

}  // namespace
}  // namespace flusso::pg
