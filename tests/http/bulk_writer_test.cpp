// The OpenSearch bulk writer against a server that misbehaves on request: what every kind of failure means, resends
// that wait, and cancellation.
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "io/opensearch/os_bulk_writer.h"
#include "tests/support/imposter.h"

namespace flusso::opensearch {
namespace {

using testing::always;
using testing::Answer;
using testing::Imposter;
using testing::SeenRequest;
using How = Answer::How;

const SystemClock kClock;

// Collects replies; take() waits for the next.
class Replies {
 public:
  std::function<void(BulkReply)> sink() {
    return [this](BulkReply reply) {
      const std::lock_guard lock(mutex_);
      replies_.push_back(std::move(reply));
      arrived_.notify_all();
    };
  }
  BulkReply take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !replies_.empty(); });
    BulkReply reply = std::move(replies_.front());
    replies_.pop_front();
    return reply;
  }
  std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return replies_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<BulkReply> replies_;
};

std::unique_ptr<OsBulkWriter> writer_to(const std::string& url, Millis timeout = Millis{10000}, unsigned in_flight = 4,
                                        const std::string& pipeline = "") {
  http::Endpoint endpoint{url, {}, true, timeout, {{"X-Opaque-Id", "flusso:slot"}}};
  BulkWriterOptions options{"primary", "dev_", pipeline, SinkLimits{1000, 1000000, in_flight, timeout},
                            Backoff{Millis{1}, Millis{3}}};
  auto writer = std::make_unique<OsBulkWriter>(std::make_shared<http::Loop>(), endpoint, options,
                                               std::make_shared<OutageLog>("primary", url, kClock));
  Plan plan;
  plan.indexes.resize(1);
  plan.indexes[0].name = "users";
  plan.indexes[0].mapping.hash = "f53a8889";
  writer->begin_run(plan);
  writer->set_generation(IndexId{0}, 0, Generation{1});
  return writer;
}

// A request of that many small documents, rendered as the packer does.
BulkRequest request_of(const OsBulkWriter& writer, unsigned count, std::uint32_t attempt = 0) {
  auto slab = std::make_shared<Slab>();
  for (unsigned i = 0; i < count; ++i) slab->bytes += std::to_string(i % 10) + "{\"a\":1}";
  BulkRequest request;
  request.attempt = attempt;
  request.actions = std::make_unique<std::string>();
  request.actions->reserve(count * 100 + 1);
  for (unsigned i = 0; i < count; ++i) {
    const std::string_view bytes = std::string_view(slab->bytes).substr(i * 8, 8);
    request.items.push_back(BulkItem{IndexId{0}, Targets{1}, bytes.substr(0, 1), bytes.substr(1)});
    const std::size_t at = request.actions->size();
    writer.render_action(request.items.back(), 0, *request.actions);
    request.segments.push_back(std::string_view(*request.actions).substr(at));
    request.segments.push_back(request.items.back().body);
    request.segments.push_back("\n");
  }
  request.slabs.push_back(std::move(slab));
  return request;
}

std::string items(unsigned count) {
  std::string body = "{\"errors\":false,\"items\":[";
  for (unsigned i = 0; i < count; ++i) body += std::string(i > 0 ? "," : "") + "{\"index\":{\"status\":201}}";
  return body + "]}";
}
std::vector<OutcomeKind> kinds(const BulkOutcome& outcome) {
  std::vector<OutcomeKind> out;
  for (const Outcome& item : outcome.items) out.push_back(item.kind);
  return out;
}

TEST(BulkWriter, a_request_arrives_as_ndjson_with_filter_pipeline_and_our_mark) {
  Imposter server = always({200, items(2), How::reply});
  const auto writer = writer_to(server.url(), Millis{10000}, 4, "my pipe");
  Replies replies;
  writer->send(request_of(*writer, 2), replies.sink());
  const BulkReply reply = replies.take();
  EXPECT_FALSE(reply.failure);
  EXPECT_EQ(kinds(writer->read_reply(reply)), std::vector<OutcomeKind>(2, OutcomeKind::applied));
  const SeenRequest seen = server.seen().at(0);
  EXPECT_EQ(seen.method + " " + seen.target,
            "POST /_bulk?filter_path=errors,items.*.status,items.*.error&pipeline=my%20pipe");
  EXPECT_EQ(seen.headers.at("content-type"), "application/x-ndjson");
  EXPECT_EQ(seen.headers.at("x-opaque-id"), "flusso:slot");
  EXPECT_EQ(seen.body,
            "{\"index\":{\"_index\":\"dev_users_f53a8889_1\",\"_id\":\"0\"}}\n{\"a\":1}\n"
            "{\"index\":{\"_index\":\"dev_users_f53a8889_1\",\"_id\":\"1\"}}\n{\"a\":1}\n");
}

struct Case {
  const char* what;
  Answer answer;
  const char* code;
  bool maybe_applied;
  ErrorKind kind;
  OutcomeKind outcome;
};

TEST(BulkWriter, each_failure_of_a_whole_request_is_told_apart_by_what_may_have_happened) {
  const std::string block =
      R"({"error":{"type":"cluster_block_exception","reason":"blocked by: [FORBIDDEN/6/cluster read-only (api)]"}})";
  const Case cases[] = {
      {"too many requests", {429, "{}", How::reply}, "http.429", false, ErrorKind::transient, OutcomeKind::retry},
      {"unavailable", {503, "{}", How::reply}, "http.503", false, ErrorKind::transient, OutcomeKind::retry},
      {"bad gateway", {502, "<html>", How::reply}, "http.502", true, ErrorKind::transient, OutcomeKind::in_doubt},
      {"gateway timeout", {504, "<html>", How::reply}, "http.504", true, ErrorKind::transient, OutcomeKind::in_doubt},
      {"server error", {500, "{}", How::reply}, "http.500", true, ErrorKind::transient, OutcomeKind::in_doubt},
      {"too large", {413, "", How::reply}, "http.413", false, ErrorKind::permanent, OutcomeKind::retry},
      {"malformed", {400, "{}", How::reply}, "http.400", false, ErrorKind::permanent, OutcomeKind::retry},
      {"not authenticated", {401, "{}", How::reply}, "http.401", false, ErrorKind::permanent, OutcomeKind::refused},
      {"not allowed", {403, "{}", How::reply}, "http.403", false, ErrorKind::permanent, OutcomeKind::refused},
      {"cluster block", {403, block, How::reply}, "http.403", false, ErrorKind::transient, OutcomeKind::retry},
      {"redirect", {302, "", How::reply}, "http.302", false, ErrorKind::permanent, OutcomeKind::refused},
      {"reset after the body",
       {200, "", How::reset_after_body},
       "http.reset",
       true,
       ErrorKind::transient,
       OutcomeKind::in_doubt},
      {"closed without an answer",
       {200, "", How::close_after_body},
       "http.reset",
       true,
       ErrorKind::transient,
       OutcomeKind::in_doubt},
      {"truncated",
       {200, items(2).substr(0, 30), How::truncate},
       "http.truncated",
       true,
       ErrorKind::transient,
       OutcomeKind::in_doubt},
      {"garbage", {200, "", How::garbage}, "http.truncated", true, ErrorKind::transient, OutcomeKind::in_doubt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    Imposter server = always(c.answer);
    const auto writer = writer_to(server.url());
    Replies replies;
    writer->send(request_of(*writer, 2), replies.sink());
    const BulkReply reply = replies.take();
    ASSERT_TRUE(reply.failure);
    EXPECT_EQ(reply.failure->code, c.code);
    EXPECT_EQ(reply.failure->kind, c.kind);
    EXPECT_EQ(reply.maybe_applied, c.maybe_applied);
    EXPECT_EQ(kinds(writer->read_reply(reply)), std::vector<OutcomeKind>(2, c.outcome));
    EXPECT_EQ(reply.request.items.size(), 2U);
  }
}

TEST(BulkWriter, a_silent_server_leaves_the_request_in_doubt) {
  Imposter server = always({200, "", How::hold});
  const auto writer = writer_to(server.url(), Millis{80});
  Replies replies;
  writer->send(request_of(*writer, 1), replies.sink());
  const BulkReply reply = replies.take();
  EXPECT_EQ(reply.failure.value().code, "http.timeout");
  EXPECT_TRUE(reply.maybe_applied);
}

TEST(BulkWriter, a_server_that_is_not_there_has_applied_nothing) {
  std::string url;
  {
    const Imposter gone = always({});
    url = gone.url();
  }
  const auto writer = writer_to(url);
  Replies replies;
  writer->send(request_of(*writer, 1), replies.sink());
  const BulkReply reply = replies.take();
  EXPECT_EQ(reply.failure.value().code, "http.connect");
  EXPECT_EQ(reply.failure.value().what, "connection refused");
  EXPECT_FALSE(reply.maybe_applied);
}

// Whether the first body byte had left when the reset came is up to the kernel, so both answers about it are right; a
// second request on the wire never is.
TEST(BulkWriter, a_reset_while_the_body_is_under_way_is_never_resent) {
  Imposter server = always({200, "", How::reset_before_body});
  const auto writer = writer_to(server.url());
  Replies replies;
  writer->send(request_of(*writer, 5000), replies.sink());
  const BulkReply reply = replies.take();
  ASSERT_TRUE(reply.failure);
  EXPECT_EQ(reply.failure->code, "http.reset");
  EXPECT_EQ(kinds(writer->read_reply(reply)).at(0), reply.maybe_applied ? OutcomeKind::in_doubt : OutcomeKind::retry);
  EXPECT_EQ(server.seen().size(), 1U);
}

TEST(BulkWriter, a_single_document_that_is_too_large_is_rejected) {
  Imposter server = always({413, "", How::reply});
  const auto writer = writer_to(server.url());
  Replies replies;
  writer->send(request_of(*writer, 1), replies.sink());
  EXPECT_EQ(kinds(writer->read_reply(replies.take())), std::vector<OutcomeKind>{OutcomeKind::rejected});
}

TEST(BulkWriter, fewer_items_than_documents_leave_all_in_doubt) {
  Imposter server = always({200, items(1), How::reply});
  const auto writer = writer_to(server.url());
  Replies replies;
  writer->send(request_of(*writer, 2), replies.sink());
  const BulkReply reply = replies.take();
  EXPECT_FALSE(reply.failure);
  EXPECT_EQ(kinds(writer->read_reply(reply)), std::vector<OutcomeKind>(2, OutcomeKind::in_doubt));
}

TEST(BulkWriter, one_item_refused_for_lack_of_room_is_sent_again_after_a_wait) {
  Imposter server([](const SeenRequest&, std::size_t index) {
    if (index > 0) return Answer{200, items(1), How::reply};
    return Answer{
        200,
        R"({"errors":true,"items":[{"index":{"status":201}},{"index":{"status":429,"error":{"type":"rejected_execution_exception","reason":"full"}}}]})",
        How::reply};
  });
  const auto writer = writer_to(server.url());
  Replies replies;
  writer->send(request_of(*writer, 2), replies.sink());
  EXPECT_EQ(kinds(writer->read_reply(replies.take())),
            (std::vector<OutcomeKind>{OutcomeKind::applied, OutcomeKind::retry}));
  writer->send(request_of(*writer, 1, 1), replies.sink());
  EXPECT_EQ(kinds(writer->read_reply(replies.take())), std::vector<OutcomeKind>{OutcomeKind::applied});
}

TEST(BulkWriter, a_document_that_lost_a_dynamic_mapping_race_is_sent_again_a_few_times_and_then_rejected) {
  Imposter server = always(
      {200,
       R"({"errors":true,"items":[{"index":{"status":400,"error":{"type":"illegal_argument_exception","reason":"mapper [a.b] cannot be changed from type [long] to [float]"}}}]})",
       How::reply});
  const auto writer = writer_to(server.url());
  Replies replies;
  writer->send(request_of(*writer, 1), replies.sink());
  BulkReply reply = replies.take();
  EXPECT_EQ(kinds(writer->read_reply(reply)), std::vector<OutcomeKind>{OutcomeKind::retry});
  reply.request.attempt = 5;
  EXPECT_EQ(kinds(writer->read_reply(reply)), std::vector<OutcomeKind>{OutcomeKind::rejected});
}

TEST(BulkWriter, after_429_fewer_requests_are_on_the_wire_at_once) {
  Imposter server([](const SeenRequest&, std::size_t index) {
    return index == 0 ? Answer{429, "{}", How::reply} : Answer{200, items(1), How::hold};
  });
  const auto writer = writer_to(server.url(), Millis{10000}, 4);
  Replies replies;
  writer->send(request_of(*writer, 1), replies.sink());
  ASSERT_EQ(replies.take().http_status, 429);
  for (int i = 0; i < 4; ++i) writer->send(request_of(*writer, 1), replies.sink());
  server.wait_for(3);
  EXPECT_FALSE(writer->wait_idle(Millis{50}));
  EXPECT_EQ(server.seen().size(), 3U);
  server.release();
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(replies.take().failure);
  EXPECT_TRUE(writer->wait_idle(Millis{10000}));
}

TEST(BulkWriter, cancelling_answers_what_waits_and_leaves_what_is_on_the_wire) {
  Imposter server = always({200, items(1), How::hold});
  const auto writer = writer_to(server.url(), Millis{10000}, 1);
  Replies replies;
  writer->send(request_of(*writer, 1), replies.sink());
  writer->send(request_of(*writer, 1), replies.sink());
  writer->send(request_of(*writer, 1, 9), replies.sink());
  server.wait_for(1);
  writer->cancel_pending();
  for (int i = 0; i < 2; ++i) {
    const BulkReply reply = replies.take();
    EXPECT_EQ(reply.failure.value().code, "http.cancelled");
    EXPECT_EQ(reply.failure.value().kind, ErrorKind::cancelled);
    EXPECT_FALSE(reply.maybe_applied);
  }
  writer->send(request_of(*writer, 1), replies.sink());
  EXPECT_EQ(replies.take().failure.value().code, "http.cancelled");
  EXPECT_FALSE(writer->wait_idle(Millis{1}));
  server.release();
  EXPECT_FALSE(replies.take().failure);
  EXPECT_TRUE(writer->wait_idle(Millis{10000}));
  writer->resume();
  writer->send(request_of(*writer, 1), replies.sink());
  EXPECT_FALSE(replies.take().failure);
}

TEST(BulkWriter, its_end_answers_everything_exactly_once) {
  Imposter server = always({200, items(1), How::hold});
  Replies replies;
  {
    const auto writer = writer_to(server.url(), Millis{10000}, 2);
    for (std::uint32_t i = 0; i < 6; ++i) writer->send(request_of(*writer, 1, i % 2 == 0 ? 0 : 9), replies.sink());
    server.wait_for(2);
  }
  EXPECT_EQ(replies.waiting(), 6U);
  unsigned maybe_applied = 0;
  for (int i = 0; i < 6; ++i) {
    const BulkReply reply = replies.take();
    EXPECT_EQ(reply.failure.value().code, "http.cancelled");
    maybe_applied += reply.maybe_applied ? 1 : 0;
  }
  EXPECT_EQ(maybe_applied, 2U);
}

TEST(BulkWriter, refreshes_asked_for_while_one_runs_are_joined) {
  Imposter server = always({200, "{}", How::hold});
  const auto writer = writer_to(server.url());
  writer->refresh({});
  writer->refresh({IndexId{0}});
  server.wait_for(1);
  for (int i = 0; i < 5; ++i) writer->refresh({IndexId{0}});
  server.release();
  server.wait_for(2);
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 2U);
  for (const SeenRequest& request : seen)
    EXPECT_EQ(request.method + " " + request.target, "POST /dev_users_f53a8889_1/_refresh?ignore_unavailable=true");
}

}  // namespace
}  // namespace flusso::opensearch
