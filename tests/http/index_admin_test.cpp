// What the index admin says when the cluster answers strangely; its good days are in tests/os.
#include <gtest/gtest.h>

#include "io/opensearch/opensearch_sink.h"
#include "tests/support/imposter.h"

namespace flusso::opensearch {
namespace {

using testing::always;
using testing::Answer;
using testing::Imposter;
using testing::SeenRequest;
using How = Answer::How;

SinkBackend sink_to(const std::string& url, std::stop_token stop = {}) {
  SinkOptions options;
  options.url = url;
  options.config.timeout_secs = 5;
  options.slot = "flusso";
  options.stop = std::move(stop);
  return *make_opensearch_sink("primary", std::move(options));
}
IndexPlan users() {
  IndexPlan plan;
  plan.name = "users";
  plan.mapping = IndexMapping{"users", "f53a8889", {}};
  return plan;
}

TEST(IndexAdmin, an_error_names_the_sink_the_place_and_the_reason_but_no_credentials) {
  Imposter server =
      always({403, R"({"error":{"type":"security_exception","reason":"no permissions for [indices:admin/get]"}})",
              How::reply});
  SinkBackend sink = sink_to("http://ada:topsecret@127.0.0.1:" + std::to_string(server.port()) + "/");
  const Error error = sink.admin->connect().error();
  EXPECT_EQ(error.code, "http.403");
  EXPECT_EQ(error.kind, ErrorKind::permanent);
  EXPECT_EQ(error.what, "sink primary at " + server.url() +
                            ": GET / was answered 403: security_exception: no permissions for [indices:admin/get]");
  EXPECT_EQ(server.seen().at(0).headers.at("authorization"), "Basic YWRhOnRvcHNlY3JldA==");
}

TEST(IndexAdmin, a_cluster_that_is_away_is_a_transient_error) {
  std::string url;
  {
    const Imposter gone = always({});
    url = gone.url();
  }
  SinkBackend sink = sink_to(url);
  const Error error = sink.admin->connect().error();
  EXPECT_EQ(error.code, "http.connect");
  EXPECT_EQ(error.kind, ErrorKind::transient);
  EXPECT_EQ(error.what, "sink primary at " + url + ": GET / failed: connection refused");
}

TEST(IndexAdmin, something_else_on_the_port_is_said_to_be_no_opensearch) {
  Imposter server = always({200, "<html>hello</html>", How::reply});
  SinkBackend sink = sink_to(server.url());
  EXPECT_EQ(sink.admin->connect().error().code, "os.not_opensearch");
}

TEST(IndexAdmin, a_404_that_opensearch_did_not_say_is_not_taken_for_absence) {
  Imposter server = always({404, "<html>no such host here</html>", How::reply});
  SinkBackend sink = sink_to(server.url());
  EXPECT_EQ(sink.admin->load("source:flusso").error().code, "http.404");
  EXPECT_EQ(sink.admin->remove("source:flusso").error().code, "http.404");
}

TEST(IndexAdmin, a_stored_document_comes_back_byte_for_byte) {
  Imposter server =
      always({200, R"({"_index":"flusso_meta","_id":"x","found":true,"_source":{"b":1.50, "a":[1e400,{"z":"}"}]}})",
              How::reply});
  SinkBackend sink = sink_to(server.url());
  EXPECT_EQ(sink.admin->load("a/b c").value().value(), R"({"b":1.50, "a":[1e400,{"z":"}"}]})");
  EXPECT_EQ(server.seen().at(0).target, "/flusso_meta/_doc/a%2Fb%20c");
}

TEST(IndexAdmin, only_bulk_tasks_with_our_mark_or_on_known_indexes_are_counted) {
  Imposter server([](const SeenRequest& request, std::size_t) {
    if (request.target.starts_with("/_tasks")) {
      return Answer{200, R"({"nodes":{"n1":{"tasks":{
        "n1:1":{"action":"indices:data/write/bulk","description":"requests[3], indices[users_f53a8889_1]","headers":{}},
        "n1:2":{"action":"indices:data/write/bulk[s]","description":"requests[3], index[other][0]","headers":{"X-Opaque-Id":"flusso:flusso"}},
        "n1:3":{"action":"indices:data/write/bulk","description":"requests[3], indices[other]","headers":{"X-Opaque-Id":"flusso:flusso2"}},
        "n1:4":7}},"n2":{}}})",
                    How::reply};
    }
    return Answer{404, R"({"found":false})", How::reply};
  });
  SinkBackend sink = sink_to(server.url());
  EXPECT_EQ(sink.admin->running_bulks().value(), 1U);
  EXPECT_FALSE(sink.admin->state(users()));
  EXPECT_EQ(sink.admin->running_bulks().value(), 2U);
}

TEST(IndexAdmin, unreadable_answers_are_errors) {
  for (const char* body : {"", "[]", "7", "{\"nodes\":[]}", "{"}) {
    Imposter server = always({200, body, How::reply});
    SinkBackend sink = sink_to(server.url());
    EXPECT_EQ(sink.admin->running_bulks().error().code, "os.bad_answer") << body;
    EXPECT_EQ(sink.admin->load("x").error().code, "os.bad_answer") << body;
  }
}

TEST(IndexAdmin, an_index_in_the_place_of_the_alias_is_named_with_its_cure) {
  Imposter server = always({200, R"({"users_f53a8889":{"settings":{"index":{"uuid":"u"}}}})", How::reply});
  SinkBackend sink = sink_to(server.url());
  const Error error = sink.admin->state(users()).error();
  EXPECT_EQ(error.code, "os.alias_is_index");
  EXPECT_NE(error.what.find("reindex it into users_f53a8889_1"), std::string::npos);
}

TEST(IndexAdmin, a_call_that_waits_ends_with_the_stop_token) {
  Imposter server = always({200, "{}", How::hold});
  std::stop_source stop;
  SinkBackend sink = sink_to(server.url(), stop.get_token());
  std::thread stopper([&] {
    server.wait_for(1);
    stop.request_stop();
  });
  EXPECT_EQ(sink.admin->connect().error().kind, ErrorKind::cancelled);
  stopper.join();
}

TEST(OpenSearchSink, a_bad_url_is_refused_without_repeating_it) {
  SinkOptions options;
  options.url = "ftp://ada:topsecret@host";
  const auto sink = make_opensearch_sink("primary", std::move(options));
  EXPECT_EQ(sink.error().code, "config.url");
  EXPECT_EQ(sink.error().what.find("topsecret"), std::string::npos);
}

}  // namespace
}  // namespace flusso::opensearch
