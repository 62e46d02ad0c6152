#pragma once
// What the tests on a real OpenSearch share: its address (FLUSSO_TEST_OS), a prefix of their own per test, and raw
// calls.

#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "io/http/client.h"
#include "io/opensearch/opensearch_sink.h"

namespace flusso::testing {

inline IndexPlan index_plan(std::string name, std::string hash, std::vector<MappingField> fields) {
  IndexPlan plan;
  plan.name = name;
  plan.mapping = IndexMapping{std::move(name), std::move(hash), std::move(fields)};
  return plan;
}

inline MappingField mapping_field(std::string name, std::string type) {
  MappingField field;
  field.name = std::move(name);
  field.type = std::move(type);
  return field;
}

class OpenSearchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* url = std::getenv("FLUSSO_TEST_OS");
    if (url == nullptr) GTEST_FAIL() << "FLUSSO_TEST_OS must hold the address of an OpenSearch node; dev/up starts one";
    url_ = url;
    prefix_ = "t" + std::to_string(std::random_device{}()) + "_";
    loop_ = std::make_shared<http::Loop>();
    client_ = std::make_unique<http::Client>(loop_, http::Endpoint{url_, {}, true, Millis{60000}, {}});
    sink_ = make_sink();
    const Status connected = sink_.admin->connect();
    ASSERT_TRUE(connected) << connected.error().what;
  }
  void TearDown() override {
    if (!client_) return;
    const nlohmann::json indexes =
        get("/" + prefix_ + "*/_settings?expand_wildcards=all&filter_path=*.settings.index.uuid");
    for (const auto& [index, settings] : indexes.items()) client_->call(http::Method::del, "/" + index);
  }

  SinkBackend make_sink(const OpenSearchSinkConfig& config = {}) const {
    opensearch::SinkOptions options;
    options.url = url_;
    options.config = config;
    options.config.number_of_replicas = 0;
    options.prefix = prefix_;
    options.slot = "flusso";
    return *opensearch::make_opensearch_sink("primary", std::move(options));
  }
  nlohmann::json get(const std::string& target) const {
    return nlohmann::json::parse(client_->call(http::Method::get, target).body, nullptr, false);
  }
  http::Reply call(http::Method method, const std::string& target, std::string body = {}) const {
    return client_->call(method, target, std::move(body));
  }
  std::vector<std::string> holders(const std::string& alias) const {
    const http::Reply reply = client_->call(http::Method::get, "/_alias/" + prefix_ + alias);
    std::vector<std::string> names;
    if (reply.status != 200) return names;
    const nlohmann::json answer = nlohmann::json::parse(reply.body);
    for (const auto& [index, content] : answer.items()) names.push_back(index.substr(prefix_.size()));
    return names;
  }
  bool exists(const std::string& index) const {
    return client_->call(http::Method::head, "/" + prefix_ + index).status == 200;
  }

  std::string url_;
  std::string prefix_;
  std::shared_ptr<http::Loop> loop_;
  std::unique_ptr<http::Client> client_;
  SinkBackend sink_;
};

// Sends documents (key, body; empty body = delete) of index 0 to slot 0 and reads what became of them.
inline BulkOutcome write_documents(SinkBackend& sink,
                                   const std::vector<std::pair<std::string, std::string>>& documents) {
  auto slab = std::make_shared<Slab>();
  std::size_t total = 1;
  for (const auto& [key, body] : documents) total += key.size() + body.size();
  slab->bytes.reserve(total);
  BulkRequest request;
  request.actions = std::make_unique<std::string>();
  request.actions->reserve(documents.size() * 1024);
  for (const auto& [key, body] : documents) {
    const std::size_t at = slab->bytes.size();
    slab->bytes += key + body;
    const std::string_view bytes = std::string_view(slab->bytes).substr(at);
    request.items.push_back(BulkItem{IndexId{0}, Targets{1}, bytes.substr(0, key.size()), bytes.substr(key.size())});
    const std::size_t line = request.actions->size();
    sink.writer->render_action(request.items.back(), 0, *request.actions);
    request.segments.push_back(std::string_view(*request.actions).substr(line));
    if (body.empty()) continue;
    request.segments.push_back(request.items.back().body);
    request.segments.push_back("\n");
  }
  request.slabs.push_back(slab);
  std::promise<BulkReply> promise;
  sink.writer->send(std::move(request), [&](BulkReply reply) { promise.set_value(std::move(reply)); });
  const BulkReply reply = promise.get_future().get();
  EXPECT_FALSE(reply.failure) << reply.failure->what;
  return sink.writer->read_reply(reply);
}

}  // namespace flusso::testing
