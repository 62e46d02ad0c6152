#include "io/pg/copy_reader.h"

#include <gtest/gtest.h>

#include <random>

namespace flusso::pg {
namespace {

std::string u32(std::uint32_t value) {
  std::string out(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24U - 8U * i));
  return out;
}
std::string u16(std::uint16_t value) { return {static_cast<char>(value >> 8U), static_cast<char>(value)}; }
std::string header(std::uint32_t flags = 0, const std::string& extension = "") {
  return std::string("PGCOPY\n\377\r\n\0", 11) + u32(flags) + u32(static_cast<std::uint32_t>(extension.size())) +
         extension;
}
std::string value(const std::string& bytes) { return u32(static_cast<std::uint32_t>(bytes.size())) + bytes; }
std::string tuple(const std::string& a, const std::string& b) { return u16(2) + value(a) + value(b); }
const std::string kTrailer = u16(0xFFFF);

struct Read {
  std::vector<std::string> rows;
  Status status;
};

// Feeds `stream` in pieces of at most `piece` bytes.
Read read(const std::string& stream, std::size_t piece = std::string::npos) {
  Read out;
  CopyReader reader(2, [&out](const CopyReader::Fields& fields) -> Status {
    std::string row;
    for (const auto& field : fields) row += field ? "[" + std::string(*field) + "]" : std::string("null");
    out.rows.push_back(row);
    return {};
  });
  for (std::size_t at = 0; at < stream.size() && out.status; at += std::min(piece, stream.size() - at))
    out.status = reader.feed(std::string_view(stream).substr(at, piece));
  if (out.status) out.status = reader.finish();
  return out;
}

TEST(CopyReader, reads_tuples_however_the_stream_is_cut) {
  const std::string stream =
      header(0, "ext") + tuple("1", "{\"a\":1}") + u16(2) + u32(0xFFFFFFFFU) + value("") + kTrailer;
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    const Read seen = read(stream, piece);
    ASSERT_TRUE(seen.status) << piece;
    EXPECT_EQ(seen.rows, (std::vector<std::string>{"[1][{\"a\":1}]", "null[]"}));
  }
}

TEST(CopyReader, an_empty_table_is_a_header_and_a_trailer) {
  const Read seen = read(header() + kTrailer);
  EXPECT_TRUE(seen.status);
  EXPECT_TRUE(seen.rows.empty());
}

TEST(CopyReader, refuses_what_is_not_a_stream) {
  for (const std::string& bad :
       {std::string("PGCOPX"), header(0x10000) + kTrailer,
        header() + u16(3) + value("") + value("") + value("") + kTrailer, header() + u16(2) + u32(0x7FFFFFFFU),
        header() + u16(2) + u32(0xFFFFFFFEU), header() + kTrailer + "x", header() + u16(0xFFFE),
        std::string("PGCOPY\n\377\r\n\0", 11) + u32(0) + u32(0x7FFFFFFFU), header(), std::string(),
        header() + tuple("a", "b")}) {
    const Read seen = read(bad);
    ASSERT_FALSE(seen.status);
    EXPECT_EQ(seen.status.error().code, "pg.copy_format");
  }
}

TEST(CopyReader, an_error_of_the_receiver_ends_the_reading) {
  int rows = 0;
  CopyReader reader(2, [&rows](const CopyReader::Fields&) -> Status {
    ++rows;
    return fail(ErrorKind::transient, "intake.stalled", "full");
  });
  const Status done = reader.feed(header() + tuple("a", "b") + tuple("c", "d"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "intake.stalled");
  EXPECT_EQ(rows, 1);
}

TEST(CopyReader, never_crashes_on_mutated_streams) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const std::string good = header() + tuple("1", "first") + tuple("22", "second") + kTrailer;
  for (int round = 0; round < 20000; ++round) {
    std::string stream = good;
    for (unsigned change = 0; change <= random() % 3; ++change)
      stream[random() % stream.size()] = static_cast<char>(random());
    stream.resize(random() % (stream.size() + 1));
    const Read seen = read(stream, 1 + random() % 16);
    EXPECT_LE(seen.rows.size(), 8U);
  }
}

}  // namespace
}  // namespace flusso::pg
