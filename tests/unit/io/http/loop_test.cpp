#include "io/http/loop.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "io/http/client.h"
#include "tests/support/imposter.h"

namespace flusso::http {
namespace {

using testing::always;
using testing::Answer;
using testing::Imposter;
using testing::SeenRequest;
using How = Answer::How;

Request post(const std::string& url, std::string body) {
  Request request;
  request.method = Method::post;
  request.url = url;
  request.body = std::move(body);
  request.timeout = Millis{10000};
  return request;
}

std::future<Reply> submit(Loop& loop, Request request) {
  auto promise = std::make_shared<std::promise<Reply>>();
  auto future = promise->get_future();
  loop.submit(std::move(request), [promise](Reply reply) { promise->set_value(std::move(reply)); });
  return future;
}

TEST(Loop, a_body_of_many_segments_arrives_in_order_with_its_length) {
  Imposter server = always({200, "pong", How::reply});
  Loop loop;
  std::vector<std::string> parts;
  std::vector<std::string_view> segments;
  std::string expected = "head\n";
  for (int i = 0; i < 5000; ++i)
    parts.push_back(std::string(static_cast<std::size_t>(i % 700), 'x') + std::to_string(i) + "\n");
  for (const std::string& part : parts) {
    segments.push_back(part);
    expected += part;
  }
  segments.push_back("");
  Request request = post(server.url() + "/_bulk", "head\n");
  request.segments = segments;
  const Reply reply = submit(loop, std::move(request)).get();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "pong");
  EXPECT_TRUE(reply.complete());
  const SeenRequest seen = server.seen().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_TRUE(seen.body == expected);
  EXPECT_EQ(seen.headers.count("expect"), 0U);
  EXPECT_EQ(seen.headers.at("content-length"), std::to_string(expected.size()));
}

TEST(Loop, requests_one_after_the_other_share_a_connection) {
  Imposter server = always({200, "{}", How::reply});
  Loop loop;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(submit(loop, post(server.url() + "/x", "{}")).get().status, 200);
  for (const SeenRequest& seen : server.seen()) EXPECT_EQ(seen.connection, 0);
}

TEST(Loop, methods_headers_and_basic_auth_are_sent) {
  Imposter server = always({404, "{}", How::reply});
  Client client(std::make_shared<Loop>(),
                Endpoint{server.url(), BasicAuth{"ada", Secret("s:1")}, true, Millis{5000}, {{"X-Opaque-Id", "me"}}});
  EXPECT_EQ(client.call(Method::head, "/a").status, 404);
  EXPECT_EQ(client.call(Method::del, "/b").status, 404);
  EXPECT_EQ(client.call(Method::put, "/c", "{\"a\":1}").status, 404);
  EXPECT_EQ(client.call(Method::post, "/d").status, 404);
  EXPECT_EQ(client.call(Method::get, "/e").status, 404);
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 5U);
  const std::vector<std::string> methods = {seen[0].method, seen[1].method, seen[2].method, seen[3].method,
                                            seen[4].method};
  EXPECT_EQ(methods, (std::vector<std::string>{"HEAD", "DELETE", "PUT", "POST", "GET"}));
  EXPECT_EQ(seen[2].body, "{\"a\":1}");
  EXPECT_EQ(seen[2].headers.at("content-type"), "application/json");
  EXPECT_EQ(seen[3].headers.at("content-length"), "0");
  EXPECT_EQ(seen[4].headers.at("authorization"), "Basic YWRhOnM6MQ==");
  EXPECT_EQ(seen[4].headers.at("x-opaque-id"), "me");
}

TEST(Loop, a_refused_connection_was_certainly_not_applied) {
  int port = 0;
  {
    const Imposter gone = always({});
    port = gone.port();
  }
  Loop loop;
  const Reply reply = submit(loop, post("http://127.0.0.1:" + std::to_string(port) + "/_bulk", "{}")).get();
  EXPECT_EQ(reply.failure, Failure::connect);
  EXPECT_FALSE(reply.maybe_applied);
  EXPECT_EQ(reply.reason, "connection refused");
}

TEST(Loop, a_reset_after_the_body_may_have_been_applied) {
  Imposter server = always({200, "", How::reset_after_body});
  Loop loop;
  const Reply reply = submit(loop, post(server.url(), "{}")).get();
  EXPECT_EQ(reply.failure, Failure::reset);
  EXPECT_TRUE(reply.maybe_applied);
}

TEST(Loop, a_dead_kept_connection_is_never_written_to_twice) {
  Imposter server([](const SeenRequest&, std::size_t index) {
    return index == 0 ? Answer{200, "{}", How::reply} : Answer{200, "", How::close_after_body};
  });
  Loop loop;
  EXPECT_EQ(submit(loop, post(server.url(), "first")).get().status, 200);
  const Reply reply = submit(loop, post(server.url(), "second")).get();
  EXPECT_EQ(reply.failure, Failure::reset);
  EXPECT_TRUE(reply.maybe_applied);
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].body, "second");
}

TEST(Loop, a_silent_server_ends_in_a_timeout_that_may_have_been_applied) {
  Imposter server = always({200, "{}", How::hold});
  Loop loop;
  Request request = post(server.url(), "{}");
  request.timeout = Millis{100};
  const Reply reply = submit(loop, std::move(request)).get();
  EXPECT_EQ(reply.failure, Failure::timeout);
  EXPECT_TRUE(reply.maybe_applied);
}

TEST(Loop, truncated_and_senseless_replies_are_failures) {
  Imposter truncating = always({200, "{\"items\":[", How::truncate});
  Imposter babbling = always({200, "", How::garbage});
  Loop loop;
  const Reply truncated = submit(loop, post(truncating.url(), "{}")).get();
  const Reply babbled = submit(loop, post(babbling.url(), "{}")).get();
  EXPECT_EQ(truncated.failure, Failure::truncated);
  EXPECT_TRUE(truncated.maybe_applied);
  EXPECT_EQ(babbled.failure, Failure::truncated);
  EXPECT_TRUE(babbled.maybe_applied);
}

TEST(Loop, a_reply_longer_than_allowed_is_cut_off) {
  Imposter server = always({200, std::string(100000, 'x'), How::reply});
  Loop loop;
  Request request = post(server.url(), "{}");
  request.max_reply_bytes = 1000;
  EXPECT_EQ(submit(loop, std::move(request)).get().failure, Failure::too_large);
}

TEST(Loop, redirects_are_not_followed_and_other_schemes_not_spoken) {
  Imposter server = always({302, "", How::reply});
  Loop loop;
  EXPECT_EQ(submit(loop, post(server.url(), "{}")).get().status, 302);
  EXPECT_EQ(submit(loop, post("file:///etc/hostname", "{}")).get().failure, Failure::invalid);
}

TEST(Loop, a_header_with_a_line_break_is_refused) {
  Imposter server = always({});
  Loop loop;
  Request request = post(server.url(), "{}");
  request.headers.push_back({"X-A", "b\r\nX-C: d"});
  EXPECT_EQ(submit(loop, std::move(request)).get().failure, Failure::invalid);
  EXPECT_TRUE(server.seen().empty());
}

TEST(Loop, cancelling_answers_at_once) {
  Imposter server = always({200, "{}", How::hold});
  Loop loop;
  std::promise<Reply> promise;
  const RequestId id = loop.submit(post(server.url(), "{}"), [&](Reply reply) { promise.set_value(std::move(reply)); });
  server.wait_for(1);
  loop.cancel(id);
  const Reply reply = promise.get_future().get();
  EXPECT_EQ(reply.failure, Failure::cancelled);
  EXPECT_TRUE(reply.maybe_applied);
}

TEST(Loop, its_end_answers_every_open_request) {
  Imposter server = always({200, "{}", How::hold});
  std::vector<std::future<Reply>> answers;
  {
    Loop loop;
    for (int i = 0; i < 3; ++i) answers.push_back(submit(loop, post(server.url(), "{}")));
    server.wait_for(3);
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get().failure, Failure::cancelled);
}

TEST(Loop, timers_run_in_the_order_of_their_times) {
  Loop loop;
  std::vector<int> order;
  std::promise<void> all;
  loop.after(Millis{30}, [&] {
    order.push_back(3);
    all.set_value();
  });
  loop.after(Millis{15}, [&] { order.push_back(2); });
  loop.after(Millis{0}, [&] { order.push_back(1); });
  all.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Client, a_stop_request_ends_the_wait) {
  Imposter server = always({200, "{}", How::hold});
  std::stop_source stop;
  Client client(std::make_shared<Loop>(), Endpoint{server.url(), {}, true, Millis{60000}, {}}, stop.get_token());
  std::thread stopper([&] {
    server.wait_for(1);
    stop.request_stop();
  });
  EXPECT_EQ(client.call(Method::get, "/").failure, Failure::cancelled);
  stopper.join();
}

}  // namespace
}  // namespace flusso::http
