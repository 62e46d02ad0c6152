#include "io/stdout/stdout_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <future>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "io/stdout/json_text.h"

namespace flusso::stdout_sink {
namespace {

using nlohmann::json;

struct Document {
  std::string key;
  std::string body;
};

BulkRequest request_of(const std::vector<Document>& documents) {
  auto slab = std::make_shared<Slab>();
  std::size_t total = 0;
  for (const Document& document : documents) total += document.key.size() + document.body.size();
  slab->bytes.reserve(total + 1);
  BulkRequest request;
  for (const Document& document : documents) {
    const std::size_t at = slab->bytes.size();
    slab->bytes += document.key + document.body;
    const std::string_view bytes = std::string_view(slab->bytes).substr(at);
    request.items.push_back(
        BulkItem{IndexId{0}, Targets{1}, bytes.substr(0, document.key.size()), bytes.substr(document.key.size())});
  }
  request.slabs.push_back(slab);
  return request;
}

std::future<BulkReply> send(SinkBackend& sink, BulkRequest request) {
  auto promise = std::make_shared<std::promise<BulkReply>>();
  auto future = promise->get_future();
  sink.writer->send(std::move(request), [promise](BulkReply reply) { promise->set_value(std::move(reply)); });
  return future;
}

SinkBackend sink_on(int fd, bool pretty = false) {
  SinkBackend sink = *make_stdout_sink("audit", pretty, fd);
  Plan plan;
  plan.indexes.resize(1);
  plan.indexes[0].name = "users";
  sink.writer->begin_run(plan);
  return sink;
}

class StdoutSink : public ::testing::Test {
 protected:
  StdoutSink() : file_(std::tmpfile()) {}
  ~StdoutSink() override { std::fclose(file_); }
  int fd() const { return ::fileno(file_); }
  std::string written() const {
    std::string text(static_cast<std::size_t>(::lseek(fd(), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(fd(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
  }
  std::FILE* file_;
};

TEST_F(StdoutSink, an_operation_is_one_line_in_the_manuals_shape) {
  SinkBackend sink = sink_on(fd());
  EXPECT_EQ(sink.admin, nullptr);
  const BulkReply reply = send(sink, request_of({{"42", R"({"email":"ada@x.io"})"}, {"a\"b", ""}})).get();
  ASSERT_FALSE(reply.failure);
  EXPECT_EQ(sink.writer->read_reply(reply).items.at(1).kind, OutcomeKind::applied);
  const std::string text =
      std::regex_replace(written(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"), "TIME");
  EXPECT_EQ(
      text,
      R"({"document":{"email":"ada@x.io"},"id":"42","index":"users","meta":{"bytes":20,"fields":1},"op":"upsert","seq":1,"sink":"stdout","ts":"TIME","version":"0.1.0"})"
      "\n"
      R"({"id":"a\"b","index":"users","op":"delete","seq":2,"sink":"stdout","ts":"TIME","version":"0.1.0"})"
      "\n");
}

TEST_F(StdoutSink, documents_pass_through_untouched_and_seq_counts_on) {
  SinkBackend sink = sink_on(fd());
  const std::string body = R"({"n":1.50000000000000000000001,"s":"}{\"\\","a":[1, 2]})";
  send(sink, request_of({{"1", body}})).get();
  send(sink, request_of({{"2", body}})).get();
  std::istringstream lines(written());
  std::string first, second;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_NE(first.find("{\"document\":" + body + ",\"id\""), std::string::npos);
  EXPECT_EQ(json::parse(second)["seq"], 2);
  EXPECT_EQ(json::parse(second)["meta"], json::parse(R"({"bytes":55,"fields":3})"));
}

TEST_F(StdoutSink, pretty_is_the_same_value_over_several_lines) {
  SinkBackend sink = sink_on(fd(), true);
  send(sink, request_of({{"1", R"({"a":{},"b":[],"c":[1,{"d":"x, y"}]})"}})).get();
  const std::string text = written();
  EXPECT_TRUE(
      text.starts_with("{\n  \"document\": {\n    \"a\": {},\n    \"b\": [],\n    \"c\": [\n      1,\n      {\n        "
                       "\"d\": \"x, y\"\n      }\n    ]\n  },\n  \"id\": \"1\","))
      << text;
  EXPECT_EQ(json::parse(text)["document"]["c"][1]["d"], "x, y");
}

TEST(StdoutSinkPipe, a_closed_reader_is_a_permanent_failure_and_no_signal) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  ::close(pipe[0]);
  {
    SinkBackend sink = sink_on(pipe[1]);
    const BulkReply reply = send(sink, request_of({{"1", "{}"}})).get();
    EXPECT_EQ(reply.failure.value().code, "stdout.closed");
    EXPECT_EQ(reply.failure.value().kind, ErrorKind::permanent);
    EXPECT_EQ(sink.writer->read_reply(reply).items.at(0).kind, OutcomeKind::refused);
  }
  ::close(pipe[1]);
}

TEST(StdoutSinkPipe, a_reader_that_does_not_read_cannot_hold_the_end) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::future<BulkReply> stuck, waiting;
  {
    SinkBackend sink = sink_on(pipe[1]);
    stuck = send(sink, request_of({{"1", "{\"a\":\"" + std::string(1U << 20, 'x') + "\"}"}}));
    waiting = send(sink, request_of({{"2", "{}"}}));
    EXPECT_FALSE(sink.writer->wait_idle(Millis{20}));
  }
  EXPECT_EQ(stuck.get().failure.value().kind, ErrorKind::cancelled);
  EXPECT_EQ(waiting.get().failure.value().kind, ErrorKind::cancelled);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(JsonText, top_level_keys_are_counted_whatever_their_values_hold) {
  EXPECT_EQ(count_fields("{}"), 0U);
  EXPECT_EQ(count_fields(" { } "), 0U);
  EXPECT_EQ(count_fields(R"({"a":1})"), 1U);
  EXPECT_EQ(count_fields(R"({"a":[1,2,{"x":1,"y":2}],"b,":"\",{","c":{"d":1,"e":2}})"), 3U);
  EXPECT_EQ(count_fields("[1,2]"), std::nullopt);
  EXPECT_EQ(count_fields(""), std::nullopt);
}

TEST(JsonText, broken_text_gives_some_output_and_no_overrun) {
  for (const char* text : {"", "{", "}", "]]", "\"", "\"\\", "{\"a", "{\"a\":", "[,", "{{{{"}) {
    std::string out;
    append_indented(out, text);
    count_fields(text);
    EXPECT_LT(out.size(), 100U);
  }
}

}  // namespace
}  // namespace flusso::stdout_sink
