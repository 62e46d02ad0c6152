#include "stages/settle.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/stages/documents.h"

namespace flusso::stages {
namespace {

using Keys = std::vector<std::string>;
using Ends = std::vector<std::pair<std::string, OutcomeKind>>;

const std::vector<Doc> kThree{{"1", "{}"}, {"2", ""}, {"3", "{}"}};

Ends ends(const SettleOut& out) {
  Ends result;
  for (const CompletedDoc& doc : out.completion.docs) result.emplace_back(std::string(doc.key), doc.outcome);
  return result;
}

BulkReply answered(BulkRequest request) {
  BulkReply reply;
  reply.request = std::move(request);
  reply.http_status = 200;
  return reply;
}

BulkReply failed(BulkRequest request, ErrorKind kind, const std::string& code, bool maybe_applied) {
  BulkReply reply;
  reply.request = std::move(request);
  reply.failure = Error{kind, code, "it broke"};
  reply.maybe_applied = maybe_applied;
  return reply;
}

BulkOutcome outcome(std::vector<OutcomeKind> kinds) {
  BulkOutcome result;
  for (const OutcomeKind kind : kinds) result.items.push_back(Outcome{kind, "because"});
  return result;
}

const Plan& skipping() {
  static const Plan plan = plan_of({FailurePolicy::skip});
  return plan;
}
const Plan& stopping() {
  static const Plan plan = plan_of({FailurePolicy::stop});
  return plan;
}

TEST(Settle, every_outcome_of_an_item_goes_where_it_belongs) {
  struct Case {
    OutcomeKind kind;
    bool completed;
    bool again;
  };
  const Case table[] = {
      {OutcomeKind::applied, true, false},  {OutcomeKind::in_doubt, true, false}, {OutcomeKind::gone, true, false},
      {OutcomeKind::rejected, true, false}, {OutcomeKind::retry, false, true},    {OutcomeKind::refused, false, true},
  };
  for (const Case& row : table) {
    const SettleOut out = settle(answered(request_of({{"1", "{}"}})), outcome({row.kind}), skipping(), render_plainly);
    EXPECT_EQ(ends(out), row.completed ? (Ends{{"1", row.kind}}) : Ends{}) << static_cast<int>(row.kind);
    EXPECT_EQ(out.again.size(), row.again ? 1U : 0U) << static_cast<int>(row.kind);
    EXPECT_FALSE(out.fatal.has_value());
  }
}

TEST(Settle, items_to_be_repeated_become_a_smaller_request_with_the_same_texts) {
  BulkRequest request = request_of(kThree);
  request.attempt = 2;
  const SettleOut out =
      settle(answered(std::move(request)), outcome({OutcomeKind::retry, OutcomeKind::applied, OutcomeKind::refused}),
             skipping(), render_plainly);
  EXPECT_EQ(ends(out), (Ends{{"2", OutcomeKind::applied}}));
  ASSERT_EQ(out.again.size(), 1U);
  EXPECT_EQ(keys_of(out.again[0]), (Keys{"1", "3"}));
  EXPECT_EQ(body_text(out.again[0]), "+0.0 1\n{}\n+0.0 3\n{}\n");
  EXPECT_EQ(out.again[0].attempt, 3U) << "it waits a longer backoff";
}

TEST(Settle, a_request_that_never_left_is_sent_again_as_it_was) {
  const SettleOut out =
      settle(failed(request_of(kThree), ErrorKind::transient, "http.503", false), {}, skipping(), render_plainly);
  EXPECT_TRUE(out.completion.docs.empty());
  ASSERT_EQ(out.again.size(), 1U);
  EXPECT_EQ(keys_of(out.again[0]), (Keys{"1", "2", "3"}));
  EXPECT_EQ(out.again[0].attempt, 1U);
}

TEST(Settle, a_request_that_may_have_been_applied_is_never_sent_again) {
  for (const char* code : {"http.504", "http.502", "http.reset", "http.timeout", "http.413"}) {
    const SettleOut out =
        settle(failed(request_of(kThree), ErrorKind::transient, code, true), {}, skipping(), render_plainly);
    EXPECT_TRUE(out.again.empty()) << code;
    EXPECT_EQ(ends(out),
              (Ends{{"1", OutcomeKind::in_doubt}, {"2", OutcomeKind::in_doubt}, {"3", OutcomeKind::in_doubt}}))
        << code;
  }
}

TEST(Settle, a_request_that_is_too_large_or_malformed_is_cut_in_two) {
  for (const char* code : {"http.413", "http.400"}) {
    const SettleOut out =
        settle(failed(request_of(kThree), ErrorKind::permanent, code, false), {}, stopping(), render_plainly);
    ASSERT_EQ(out.again.size(), 2U) << code;
    EXPECT_EQ(keys_of(out.again[0]), Keys{"1"});
    EXPECT_EQ(keys_of(out.again[1]), (Keys{"2", "3"}));
    EXPECT_EQ(body_text(out.again[1]), "-0.0 2\n+0.0 3\n{}\n");
    EXPECT_TRUE(out.completion.docs.empty());
    EXPECT_FALSE(out.fatal.has_value());
  }
}

TEST(Settle, a_document_that_is_too_large_for_two_generations_at_once_is_written_to_one_after_the_other) {
  SettleOut out = settle(failed(request_of({{"1", "{}", kTarget | kStaged}}), ErrorKind::permanent, "http.413", false),
                         {}, stopping(), render_plainly);
  ASSERT_EQ(out.again.size(), 1U);
  EXPECT_EQ(body_text(out.again[0]), "+0.0 1\n{}\n");
  EXPECT_TRUE(out.completion.docs.empty()) << "the other generation has not seen it";

  out = settle(answered(std::move(out.again[0])), outcome({OutcomeKind::retry}), stopping(), render_plainly);
  ASSERT_EQ(out.again.size(), 1U);
  EXPECT_EQ(body_text(out.again[0]), "+0.0 1\n{}\n");

  out = settle(answered(std::move(out.again[0])), outcome({OutcomeKind::applied}), stopping(), render_plainly);
  ASSERT_EQ(out.again.size(), 1U);
  EXPECT_EQ(body_text(out.again[0]), "+0.1 1\n{}\n");
  EXPECT_TRUE(out.completion.docs.empty());

  out = settle(answered(std::move(out.again[0])), outcome({OutcomeKind::applied}), stopping(), render_plainly);
  EXPECT_TRUE(out.again.empty());
  EXPECT_EQ(ends(out), (Ends{{"1", OutcomeKind::applied}}));
}

TEST(Settle, a_first_generation_in_doubt_leaves_the_second_to_the_rebuild) {
  SettleOut out = settle(failed(request_of({{"1", "{}", kTarget | kStaged}}), ErrorKind::permanent, "http.413", false),
                         {}, stopping(), render_plainly);
  out =
      settle(failed(std::move(out.again[0]), ErrorKind::transient, "http.reset", true), {}, stopping(), render_plainly);
  EXPECT_TRUE(out.again.empty());
  EXPECT_EQ(ends(out), (Ends{{"1", OutcomeKind::in_doubt}}));
}

TEST(Settle, a_single_document_that_is_too_large_is_left_out_under_skip) {
  const SettleOut out = settle(failed(request_of({{"1", "{}"}}), ErrorKind::permanent, "http.413", false), {},
                               skipping(), render_plainly);
  EXPECT_EQ(ends(out), (Ends{{"1", OutcomeKind::rejected}}));
  ASSERT_EQ(out.quarantined.size(), 1U);
  EXPECT_EQ(out.quarantined[0].key, "1");
  EXPECT_EQ(out.quarantined[0].reason, "it broke");
  EXPECT_TRUE(out.again.empty());
}

TEST(Settle, a_single_document_that_is_too_large_ends_the_run_under_stop) {
  const SettleOut out = settle(failed(request_of({{"1", "{}"}}), ErrorKind::permanent, "http.413", false), {},
                               stopping(), render_plainly);
  ASSERT_TRUE(out.fatal.has_value());
  EXPECT_EQ(out.fatal->code, "sink.rejected");
  EXPECT_TRUE(out.completion.docs.empty()) << "what is not durable must never settle";
}

TEST(Settle, a_rejected_document_is_quarantined_under_skip_with_its_reason) {
  const SettleOut out =
      settle(answered(request_of(kThree)), outcome({OutcomeKind::applied, OutcomeKind::applied, OutcomeKind::rejected}),
             skipping(), render_plainly);
  ASSERT_EQ(out.quarantined.size(), 1U);
  EXPECT_EQ(out.quarantined[0].index, kIndex);
  EXPECT_EQ(out.quarantined[0].key, "3");
  EXPECT_EQ(out.quarantined[0].reason, "because");
  EXPECT_EQ(out.completion.docs.size(), 3U);
}

TEST(Settle, a_rejected_document_ends_the_run_under_stop_and_names_itself_and_the_cure) {
  const SettleOut out =
      settle(answered(request_of(kThree)),
             outcome({OutcomeKind::applied, OutcomeKind::rejected, OutcomeKind::rejected}), stopping(), render_plainly);
  ASSERT_TRUE(out.fatal.has_value());
  EXPECT_EQ(out.fatal->kind, ErrorKind::permanent);
  EXPECT_NE(out.fatal->what.find("document 2 of index index0"), std::string::npos) << out.fatal->what;
  EXPECT_NE(out.fatal->what.find("because"), std::string::npos);
  EXPECT_NE(out.fatal->what.find("on_error"), std::string::npos);
  EXPECT_EQ(ends(out), (Ends{{"1", OutcomeKind::applied}}));
}

TEST(Settle, a_permanent_failure_of_the_request_ends_the_run) {
  const SettleOut out =
      settle(failed(request_of(kThree), ErrorKind::permanent, "http.401", false), {}, skipping(), render_plainly);
  ASSERT_TRUE(out.fatal.has_value());
  EXPECT_EQ(out.fatal->code, "http.401");
  EXPECT_TRUE(out.completion.docs.empty());
}

TEST(Settle, a_completion_keeps_the_slabs_that_its_keys_point_into) {
  ByteBudget budget("documents", 100);
  SettleOut out;
  {
    const DocBatch batch = batch_of(kIndex, {{"1", "{}"}}, *budget.try_acquire(3, Urgency::live));
    BulkRequest request =
        make_request(kSink, {BulkItem{kIndex, kTarget, batch.key(batch.rows[0]), batch.body(batch.rows[0])}},
                     {batch.slab}, render_plainly);
    out = settle(answered(std::move(request)), outcome({OutcomeKind::applied}), skipping(), render_plainly);
  }
  EXPECT_EQ(ends(out), (Ends{{"1", OutcomeKind::applied}}));
  EXPECT_EQ(budget.used(), 3U);
  out = {};
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace flusso::stages
