#include "io/opensearch/reply_reader.h"

#include <gtest/gtest.h>

#include <random>

namespace flusso::opensearch {
namespace {

std::vector<OutcomeKind> kinds(const BulkOutcome& outcome) {
  std::vector<OutcomeKind> out;
  for (const Outcome& item : outcome.items) out.push_back(item.kind);
  return out;
}
BulkOutcome read(std::string body, std::vector<unsigned> actions) {
  body.reserve(body.size() + 64);
  return read_bulk_reply(body, body.capacity(), actions);
}
const std::vector<OutcomeKind> kTwoInDoubt = {OutcomeKind::in_doubt, OutcomeKind::in_doubt};

TEST(ReplyReader, good_items_are_applied_in_order) {
  const auto outcome =
      read(R"({"errors":false,"items":[{"index":{"status":201}},{"index":{"status":200}},{"delete":{"status":404}}]})",
           {1, 1, 1});
  EXPECT_EQ(kinds(outcome), std::vector<OutcomeKind>(3, OutcomeKind::applied));
}

TEST(ReplyReader, each_item_status_has_its_meaning) {
  const struct {
    int status;
    const char* type;
    const char* reason;
    bool is_delete;
    OutcomeKind kind;
  } cases[] = {
      {200, "", "", false, OutcomeKind::applied},
      {201, "", "", false, OutcomeKind::applied},
      {409, "version_conflict_engine_exception", "newer", false, OutcomeKind::applied},
      {404, "", "", true, OutcomeKind::applied},
      {404, "", "", false, OutcomeKind::rejected},
      {404, "index_not_found_exception", "no such index [users_1]", true, OutcomeKind::gone},
      {404, "index_not_found_exception", "no such index [users_1]", false, OutcomeKind::gone},
      {429, "rejected_execution_exception", "queue full", false, OutcomeKind::retry},
      {429, "circuit_breaking_exception", "too large", false, OutcomeKind::retry},
      {429, "cluster_block_exception", "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk]", false,
       OutcomeKind::refused},
      {403, "cluster_block_exception", "index [x] blocked by: [FORBIDDEN/8/index write (api)]", false,
       OutcomeKind::refused},
      {403, "security_exception", "no permissions", false, OutcomeKind::refused},
      {401, "", "", false, OutcomeKind::refused},
      {400, "index_closed_exception", "closed", false, OutcomeKind::refused},
      {400, "illegal_argument_exception", "pipeline with id [p] does not exist", false, OutcomeKind::refused},
      {400, "illegal_argument_exception", "Document contains at least one immense term", false, OutcomeKind::rejected},
      {400, "mapper_parsing_exception", "failed to parse", false, OutcomeKind::rejected},
      {400, "strict_dynamic_mapping_exception", "mapping set to strict", false, OutcomeKind::rejected},
      {413, "", "", false, OutcomeKind::rejected},
      {503, "unavailable_shards_exception", "primary shard is not active", false, OutcomeKind::retry},
      {500, "translog_exception", "disk", false, OutcomeKind::in_doubt},
      {502, "", "", false, OutcomeKind::in_doubt},
      {504, "", "", false, OutcomeKind::in_doubt},
  };
  for (const auto& c : cases) {
    const Outcome outcome = outcome_of(c.status, c.type, c.reason, c.is_delete);
    EXPECT_EQ(outcome.kind, c.kind) << c.status << " " << c.type;
    EXPECT_EQ(outcome.reason.empty(), c.kind == OutcomeKind::applied) << c.status << " " << c.type;
  }
}

TEST(ReplyReader, a_reason_names_type_and_reason_but_not_the_value) {
  const auto outcome = read(
      R"({"errors":true,"items":[{"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse field [age] of type [long] in document with id '3'. Preview of field's value: 'ada@x.io'","caused_by":{"type":"x","reason":"For input string: \"ada@x.io\""}}}}]})",
      {1});
  EXPECT_EQ(outcome.items.at(0).reason,
            "mapper_parsing_exception: failed to parse field [age] of type [long] in document with id '3'");
}

TEST(ReplyReader, the_worse_of_two_generations_counts) {
  const auto outcome = read(
      R"({"errors":true,"items":[{"index":{"status":201}},{"index":{"status":429,"error":{"type":"rejected_execution_exception","reason":"full"}}},
          {"index":{"status":201}},
          {"delete":{"error":{"type":"index_not_found_exception","reason":"gone"},"status":404}},{"delete":{"status":200}}]})",
      {2, 1, 2});
  EXPECT_EQ(kinds(outcome), (std::vector<OutcomeKind>{OutcomeKind::retry, OutcomeKind::applied, OutcomeKind::gone}));
}

TEST(ReplyReader, an_answer_with_other_than_the_sent_number_of_items_proves_nothing) {
  for (const char* body :
       {R"({"errors":false,"items":[{"index":{"status":201}}]})", R"({"errors":false,"items":[]})",
        R"({"errors":false,"items":[{"index":{"status":201}},{"index":{"status":201}},{"index":{"status":201}}]})"})
    EXPECT_EQ(kinds(read(body, {1, 1})), kTwoInDoubt) << body;
}

TEST(ReplyReader, an_unreadable_answer_proves_nothing) {
  for (const char* body :
       {"", "x", "{}", "[]", "null", R"({"errors":false})", R"({"errors":false,"items":7})", R"({"items":[1,2]})",
        R"({"items":[{"index":7},{"index":7}]})", R"({"items":[{"index":{}},{"index":{}}]})",
        R"({"items":[{"index":{"status":"x"}},{"index":{"status":201}}]})",
        R"({"items":[{"index":{"status":99999999999999999999}},{"index":{"status":201}}]})",
        R"({"items":[{"index":{"status":201}},{"index":{"status":201}})",
        R"({"items":[{"index":{"status":201}},{"index":{"status":20)",
        "{\"items\":[{\"index\":{\"status\":201}},{\"index\":{\"status\":201}}]", "\xff\xfe"})
    EXPECT_EQ(kinds(read(body, {1, 1})), kTwoInDoubt) << body;
}

TEST(ReplyReader, a_reply_without_spare_bytes_behind_it_is_read_from_a_copy) {
  const std::string body = R"({"errors":false,"items":[{"index":{"status":201}}]})";
  const std::vector<char> exact(body.begin(), body.end());
  EXPECT_EQ(kinds(read_bulk_reply({exact.data(), exact.size()}, exact.size(), {1})),
            std::vector<OutcomeKind>{OutcomeKind::applied});
}

TEST(ReplyReader, damaged_answers_never_crash_and_never_invent_success) {
  const std::string good =
      R"({"errors":true,"items":[{"index":{"status":201}},{"delete":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"x\u00e9\n"}}}]})";
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20000; ++round) {
    std::string body = good;
    for (unsigned n = random() % 4; n > 0; --n) body[random() % body.size()] = static_cast<char>(random());
    if (random() % 3 == 0) body.resize(random() % body.size());
    const auto outcome = read(body, {1, 1});
    ASSERT_EQ(outcome.items.size(), 2U) << body;
    if (body.size() < good.size()) {
      ASSERT_EQ(kinds(outcome), kTwoInDoubt) << body;
    }
  }
}

TEST(ReplyReader, error_bodies_are_told_in_one_bounded_line) {
  EXPECT_EQ(
      error_reason(
          R"({"error":{"root_cause":[],"type":"invalid_index_name_exception","reason":"must be lowercase"},"status":400})"),
      "invalid_index_name_exception: must be lowercase");
  EXPECT_EQ(error_reason(R"({"error":"Incorrect HTTP method","status":405})"), "Incorrect HTTP method");
  EXPECT_EQ(error_reason("<html>\n<h1>502 Bad Gateway</h1>"), "<html> <h1>502 Bad Gateway</h1>");
  EXPECT_LE(error_reason("{\"error\":\"" + std::string(5000, 'x') + "\"}").size(), kMaxReasonBytes + 3);
  EXPECT_EQ(error_reason(R"({"error":{"reason":7}})"), "status 0");
}

}  // namespace
}  // namespace flusso::opensearch
