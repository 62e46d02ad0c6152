#include "stages/seeding.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace flusso::stages {
namespace {

ChunkPlan plan(std::size_t chunks, double rows = 10) {
  ChunkPlan result;
  result.filenode = 42;
  for (std::size_t i = 0; i < chunks; ++i)
    result.chunks.push_back(Chunk{Chunk::Kind::key, {}, std::to_string(i), "", rows});
  return result;
}

Seeding seeding(std::size_t chunks, std::vector<bool> done = {}) {
  return Seeding(IndexId{1}, Targets{2}, plan(chunks), std::move(done));
}

TEST(Seeding, every_chunk_is_taken_once_in_order) {
  Seeding job = seeding(3);
  EXPECT_EQ(job.take(), 0U);
  EXPECT_EQ(job.take(), 1U);
  EXPECT_EQ(job.take(), 2U);
  EXPECT_EQ(job.take(), std::nullopt);
  EXPECT_FALSE(job.complete());
}

TEST(Seeding, a_chunk_whose_read_failed_is_taken_again) {
  Seeding job = seeding(2);
  job.take();
  job.take();
  job.give_back(0);
  EXPECT_EQ(job.take(), 0U);
  EXPECT_EQ(job.take(), std::nullopt);
}

TEST(Seeding, it_is_complete_when_every_chunk_is_recorded) {
  Seeding job = seeding(2);
  job.record(1);
  EXPECT_FALSE(job.complete());
  job.record(0);
  EXPECT_TRUE(job.complete());
  EXPECT_EQ(job.done(), (std::vector<bool>{true, true}));
}

TEST(Seeding, a_plan_without_chunks_is_complete) { EXPECT_TRUE(seeding(0).complete()); }

TEST(Seeding, a_resumed_seed_takes_only_what_is_missing) {
  Seeding job = seeding(4, {true, false, true});
  EXPECT_EQ(job.recorded(), 2U);
  EXPECT_EQ(job.take(), 1U);
  EXPECT_EQ(job.take(), 3U);
  EXPECT_EQ(job.take(), std::nullopt);
  job.record(1);
  job.record(3);
  EXPECT_TRUE(job.complete());
}

TEST(Seeding, progress_is_counted_in_estimated_rows) {
  Seeding job = seeding(4, {true});
  EXPECT_DOUBLE_EQ(job.rows_total(), 40);
  EXPECT_DOUBLE_EQ(job.rows_recorded(), 10);
  EXPECT_EQ(job.index(), IndexId{1});
  EXPECT_EQ(job.targets(), Targets{2});
  EXPECT_EQ(job.filenode(), 42U);
  EXPECT_EQ(job.chunk(2).from, "2");
}

TEST(Bitmap, bits_survive_the_way_to_text_and_back) {
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::uint64_t pattern : {0ULL, ~0ULL, 0x5A5A5A5AA5ULL, 0x1234567890ULL}) {
      std::vector<bool> bits(size);
      for (std::size_t i = 0; i < size; ++i) bits[i] = (pattern >> i & 1U) != 0;
      EXPECT_EQ(unpack_bitmap(pack_bitmap(bits), size), bits) << size;
      EXPECT_EQ(pack_bitmap(bits).size(), (size + 3) / 4);
    }
  }
}

TEST(Bitmap, a_short_or_damaged_text_makes_nothing_done) {
  EXPECT_EQ(unpack_bitmap("", 3), (std::vector<bool>{false, false, false}));
  EXPECT_EQ(unpack_bitmap("f", 6), (std::vector<bool>{true, true, true, true, false, false}));
  EXPECT_EQ(unpack_bitmap("zF\xff", 12), std::vector<bool>(12, false));
  EXPECT_EQ(unpack_bitmap("ffff", 2), (std::vector<bool>{true, true})) << "a longer text belongs to a longer plan";
}

}  // namespace
}  // namespace flusso::stages
