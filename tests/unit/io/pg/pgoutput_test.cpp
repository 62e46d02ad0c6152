// The decoder against messages written byte by byte, against every truncation of them, and against seeded mutations.
#include "io/pg/pgoutput.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "tests/unit/io/pg/wire_bytes.h"

namespace flusso::pg {
namespace {

using Kind = PgOutputMessage::Kind;
using State = FieldText::State;

std::string text_column(std::string_view text) { return "t" + big(text.size(), 4) + std::string(text); }
std::string zero_terminated(std::string_view text) { return std::string(text) + '\0'; }

std::string begin_message() { return "B" + big(0x16B3748, 8) + big(1, 8) + big(727, 4); }
std::string commit_message() { return "C" + big(0, 1) + big(0x16B3748, 8) + big(0x16B3780, 8) + big(1, 8); }
std::string relation_message() {
  return "R" + big(16384, 4) + zero_terminated("public") + zero_terminated("We\"ird") + "d" + big(2, 2) + big(1, 1) +
         zero_terminated("id") + big(23, 4) + big(0xFFFFFFFF, 4) + big(0, 1) + zero_terminated("name") + big(25, 4) +
         big(0xFFFFFFFF, 4);
}
std::string insert_message() { return "I" + big(16384, 4) + "N" + big(2, 2) + text_column("7") + "n"; }
std::string update_message() {
  return "U" + big(16384, 4) + "K" + big(2, 2) + text_column("7") + "n" + "N" + big(2, 2) + text_column("8") + "u";
}
std::string full_update_message() {
  return "U" + big(16384, 4) + "O" + big(2, 2) + text_column("7") + text_column("old") + "N" + big(2, 2) +
         text_column("7") + text_column("new");
}
std::string delete_message() { return "D" + big(16384, 4) + "O" + big(2, 2) + text_column("7") + text_column(""); }
std::string truncate_message() { return "T" + big(2, 4) + big(1, 1) + big(16384, 4) + big(16390, 4); }
std::string origin_message() { return "O" + big(5, 8) + zero_terminated("elsewhere"); }
std::string type_message() { return "Y" + big(99, 4) + zero_terminated("public") + zero_terminated("mood"); }
std::string logical_message() { return "M" + big(1, 1) + big(5, 8) + zero_terminated("beat") + big(3, 4) + "abc"; }

std::string stream_start_message() { return "S" + big(727, 4) + big(1, 1); }
std::string stream_stop_message() { return "E"; }
std::string stream_commit_message() {
  return "c" + big(727, 4) + big(0, 1) + big(0x16B3748, 8) + big(0x16B3780, 8) + big(1, 8);
}
std::string stream_abort_message() { return "A" + big(727, 4) + big(728, 4); }

std::vector<std::string> every_message() {
  return {begin_message(),       commit_message(),        relation_message(),    insert_message(),
          update_message(),      full_update_message(),   delete_message(),      truncate_message(),
          origin_message(),      type_message(),          logical_message(),     stream_start_message(),
          stream_stop_message(), stream_commit_message(), stream_abort_message()};
}

PgOutputMessage decoded(const std::string& bytes) {
  PgOutputMessage message;
  const Status status = decode_pgoutput(bytes, message);
  EXPECT_TRUE(status) << (status ? "" : status.error().what);
  return message;
}

TEST(PgOutput, begin_and_commit_carry_the_transaction_and_its_end) {
  const std::string begin = begin_message(), commit = commit_message();
  EXPECT_EQ(decoded(begin).xid, Xid{727});
  const PgOutputMessage message = decoded(commit);
  EXPECT_EQ(message.kind, Kind::commit);
  EXPECT_EQ(message.lsn, Lsn{0x16B3748});
  EXPECT_EQ(message.end_lsn, Lsn{0x16B3780});
}

TEST(PgOutput, a_relation_names_its_table_and_flags_its_identity) {
  const std::string bytes = relation_message();
  const PgOutputMessage message = decoded(bytes);
  EXPECT_EQ(message.schema, "public");
  EXPECT_EQ(message.name, "We\"ird");
  EXPECT_EQ(message.identity, 'd');
  ASSERT_EQ(message.columns.size(), 2u);
  EXPECT_TRUE(message.columns[0].key);
  EXPECT_FALSE(message.columns[1].key);
  EXPECT_EQ(message.columns[1].name, "name");
  EXPECT_EQ(message.columns[1].type, 25u);
  EXPECT_EQ(message.columns[1].modifier, -1);
}

TEST(PgOutput, an_insert_tells_null_from_text) {
  const std::string bytes = insert_message();
  const PgOutputMessage message = decoded(bytes);
  ASSERT_EQ(message.new_row.size(), 2u);
  EXPECT_EQ(message.new_row[0].text, "7");
  EXPECT_EQ(message.new_row[1].state, State::null);
  EXPECT_EQ(message.old_kind, PgOutputMessage::OldRow::none);
}

TEST(PgOutput, an_update_keeps_key_and_full_old_rows_apart) {
  const std::string by_key = update_message(), full = full_update_message();
  const PgOutputMessage key = decoded(by_key);
  EXPECT_EQ(key.old_kind, PgOutputMessage::OldRow::key);
  EXPECT_EQ(key.old_row[0].text, "7");
  EXPECT_EQ(key.new_row[1].state, State::unchanged);
  const PgOutputMessage whole = decoded(full);
  EXPECT_EQ(whole.old_kind, PgOutputMessage::OldRow::full);
  EXPECT_EQ(whole.old_row[1].text, "old");
}

TEST(PgOutput, an_old_row_of_an_earlier_message_does_not_leak_into_the_next) {
  PgOutputMessage message;
  const std::string update = update_message(), insert = insert_message();
  ASSERT_TRUE(decode_pgoutput(update, message));
  ASSERT_TRUE(decode_pgoutput(insert, message));
  EXPECT_EQ(message.old_kind, PgOutputMessage::OldRow::none);
}

TEST(PgOutput, a_truncate_lists_every_relation) {
  const std::string bytes = truncate_message();
  EXPECT_EQ(decoded(bytes).relations, (std::vector<std::uint32_t>{16384, 16390}));
}

TEST(PgOutput, an_empty_text_is_not_null) {
  const std::string bytes = delete_message();
  EXPECT_EQ(decoded(bytes).old_row[1].state, State::text);
}

TEST(PgOutput, every_truncated_message_is_an_error) {
  for (const std::string& whole : every_message()) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      PgOutputMessage message;
      const Status status = decode_pgoutput(std::string_view(whole).substr(0, length), message);
      ASSERT_FALSE(status) << whole[0] << " cut to " << length;
      EXPECT_EQ(status.error().code, "pg.protocol");
    }
  }
}

TEST(PgOutput, bytes_left_over_are_an_error) {
  for (const std::string& whole : every_message()) {
    PgOutputMessage message;
    EXPECT_FALSE(decode_pgoutput(whole + "x", message)) << whole[0];
  }
}

TEST(PgOutput, a_tag_of_another_protocol_version_is_an_error) {
  for (const char tag : std::string("bPKrp\xff")) {
    PgOutputMessage message;
    EXPECT_FALSE(decode_pgoutput(std::string(1, tag) + std::string(40, '\0'), message)) << tag;
  }
}

TEST(PgOutput, blocks_of_a_streamed_transaction_name_it) {
  const std::string start = stream_start_message(), commit = stream_commit_message(), abort = stream_abort_message();
  EXPECT_EQ(decoded(start).xid, Xid{727});
  EXPECT_TRUE(decoded(start).first_block);
  EXPECT_FALSE(decoded("S" + big(727, 4) + big(0, 1)).first_block);
  EXPECT_EQ(decoded(stream_stop_message()).kind, Kind::stream_stop);
  EXPECT_EQ(decoded(commit).xid, Xid{727});
  EXPECT_EQ(decoded(commit).end_lsn, Lsn{0x16B3780});
  EXPECT_EQ(decoded(abort).xid, Xid{727});
  EXPECT_EQ(decoded(abort).subxid, Xid{728});
}

TEST(PgOutput, a_message_inside_of_a_block_is_the_plain_one_with_an_id_behind_its_tag) {
  for (const std::string& plain : {relation_message(), type_message(), insert_message(), update_message(),
                                   delete_message(), truncate_message(), logical_message()}) {
    const std::string streamed = plain.substr(0, 1) + big(729, 4) + plain.substr(1);
    const auto split = split_streamed(streamed);
    ASSERT_TRUE(split) << split.error().what;
    EXPECT_EQ(split->xid, Xid{729});
    EXPECT_EQ(split->tag + std::string(split->body), plain);
  }
}

TEST(PgOutput, what_has_no_place_inside_of_a_block_is_an_error) {
  for (const char tag : std::string("BCOSEcAbPKrp\xff"))
    EXPECT_FALSE(split_streamed(std::string(1, tag) + std::string(40, '\0'))) << tag;
  for (const char* cut : {"", "I", "I\1\1\1"}) {
    const auto split = split_streamed(cut);
    ASSERT_FALSE(split);
    EXPECT_EQ(split.error().code, "pg.protocol");
  }
}

TEST(PgOutput, counts_beyond_the_message_are_refused_before_memory_is_asked_for) {
  PgOutputMessage message;
  EXPECT_FALSE(decode_pgoutput("T" + big(0xFFFFFFFF, 4) + big(0, 1), message));
  EXPECT_LT(message.relations.capacity(), 1000u);
  EXPECT_FALSE(decode_pgoutput("I" + big(1, 4) + "N" + big(65535, 2), message));
  EXPECT_FALSE(decode_pgoutput("I" + big(1, 4) + "N" + big(1, 2) + "t" + big(0xFFFFFFFF, 4) + "abc", message));
}

TEST(PgOutput, the_relation_of_a_row_is_known_without_decoding_it) {
  EXPECT_EQ(relation_of_row(insert_message()), 16384u);
  EXPECT_EQ(relation_of_row(delete_message()), 16384u);
  EXPECT_EQ(relation_of_row(begin_message()), std::nullopt);
  EXPECT_EQ(relation_of_row("I\1"), std::nullopt);
}

// Whatever the bytes say, the answer is a value whose views lie inside the message, or an error.
TEST(PgOutput, mutated_messages_never_point_outside_the_input) {
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  const std::vector<std::string> corpus = every_message();
  std::size_t accepted = 0, refused = 0;
  for (int round = 0; round < 200000; ++round) {
    std::string bytes = corpus[random() % corpus.size()];
    for (unsigned i = random() % 4; i > 0; --i) {
      const std::size_t at = random() % bytes.size();
      if (random() % 4 == 0)
        bytes.erase(at, 1 + random() % 3);
      else if (random() % 4 == 0)
        bytes.insert(at, std::string(1 + random() % 3, static_cast<char>(random())));
      else
        bytes[at] = static_cast<char>(random());
      if (bytes.empty()) bytes = "B";
    }
    if (const auto split = split_streamed(bytes)) {
      ASSERT_EQ(split->body.data() + split->body.size(), bytes.data() + bytes.size());
    }
    PgOutputMessage message;
    if (!decode_pgoutput(bytes, message)) {
      ++refused;
      continue;
    }
    ++accepted;
    const auto inside = [&](std::string_view view) {
      return view.empty() || view == "pg_catalog" ||
             (view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
    };
    ASSERT_TRUE(inside(message.schema) && inside(message.name) && inside(message.content));
    for (const FieldText& field : message.new_row) ASSERT_TRUE(inside(field.text));
    for (const FieldText& field : message.old_row) ASSERT_TRUE(inside(field.text));
    for (const RelationColumn& column : message.columns) ASSERT_TRUE(inside(column.name));
  }
  EXPECT_GT(accepted, 1000u);
  EXPECT_GT(refused, 1000u);
}

}  // namespace
}  // namespace flusso::pg
