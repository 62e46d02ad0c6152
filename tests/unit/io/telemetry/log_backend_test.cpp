#include "io/telemetry/log_backend.h"

#include <gtest/gtest.h>

#include <regex>

namespace flusso::telemetry {
namespace {

struct Lines final : LineOutput {
  explicit Lines(std::vector<std::string>& into) : lines(into) {}
  void line(const std::string& text) override {
    lines.push_back(std::regex_replace(text, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"), "TIME"));
  }
  std::vector<std::string>& lines;
};

class LogBackendTest : public ::testing::Test {
 protected:
  void install(const char* filter, LogFormat format = LogFormat::text) {
    backend_ = make_log_backend(*LogFilter::parse(filter), format, std::make_unique<Lines>(lines_), clock_);
    install_log_backend(backend_.get());
  }
  ~LogBackendTest() override { install_log_backend(nullptr); }
  ManualClock clock_;
  std::vector<std::string> lines_;
  std::unique_ptr<LogBackend> backend_;
  Logger log_{"seed"};
};

TEST_F(LogBackendTest, a_text_line_has_time_level_component_phrase_and_fields) {
  install("info");
  log_.info("range done", kv("index", "users"), kv("rows", 12), kv("note", "two words"), kv("empty", ""));
  log_.debug("unseen");
  EXPECT_EQ(lines_,
            std::vector<std::string>{"TIME  INFO seed: range done index=users rows=12 note=\"two words\" empty=\"\""});
}

TEST_F(LogBackendTest, a_json_line_is_one_object_with_bare_numbers) {
  install("info", LogFormat::json);
  log_.warn("range done", kv("index", "us\"ers"), kv("rows", 12), kv("ok", true),
            kv("share", std::numeric_limits<double>::quiet_NaN()));
  EXPECT_EQ(
      lines_,
      std::vector<std::string>{
          R"({"timestamp":"TIME","level":"WARN","fields":{"message":"range done","index":"us\"ers","rows":12,"ok":true,"share":"nan"},"target":"flusso::seed"})"});
}

TEST_F(LogBackendTest, a_value_cannot_forge_a_line) {
  install("info");
  log_.info("x", kv("reason", "a\nTIME ERROR seed: forged\x1b[31m {}"));
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].find('\n'), std::string::npos);
  EXPECT_EQ(lines_[0].find('\x1b'), std::string::npos);
}

TEST_F(LogBackendTest, the_same_warning_is_written_again_after_five_seconds_with_a_count) {
  install("info");
  for (int attempt = 0; attempt < 4; ++attempt)
    log_.warn("bulk retried", kv("sink", "primary"), kv("attempt", attempt));
  log_.warn("bulk retried", kv("sink", "other"), kv("attempt", 1));
  log_.info("plain", kv("n", 1));
  log_.info("plain", kv("n", 1));
  clock_.advance(Millis{5000});
  log_.warn("bulk retried", kv("sink", "primary"), kv("attempt", 9));
  EXPECT_EQ(lines_, (std::vector<std::string>{"TIME  WARN seed: bulk retried sink=primary attempt=0",
                                              "TIME  WARN seed: bulk retried sink=other attempt=1",
                                              "TIME  INFO seed: plain n=1", "TIME  INFO seed: plain n=1",
                                              "TIME  WARN seed: bulk retried sink=primary attempt=9 left_out=3"}));
}

TEST(LogFilter, directives_choose_levels_by_target) {
  const struct {
    const char* filter;
    const char* component;
    LogLevel least;
  } cases[] = {
      {"", "seed", LogLevel::info},
      {"debug", "seed", LogLevel::debug},
      {"WARN", "seed", LogLevel::warn},
      {"flusso=debug,info", "seed", LogLevel::debug},
      {"info,flusso::capture=debug", "capture", LogLevel::debug},
      {"info,flusso::capture=debug", "seed", LogLevel::info},
      {"warn,flusso=info,flusso::seed=error", "seed", LogLevel::error},
      {"error, hyper=debug", "seed", LogLevel::error},
      {"flusso", "seed", LogLevel::debug},
  };
  for (const auto& c : cases) {
    const auto filter = LogFilter::parse(c.filter);
    ASSERT_TRUE(filter) << c.filter;
    for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error})
      EXPECT_EQ(filter->passes(level, c.component), level >= c.least) << c.filter << " " << static_cast<int>(level);
  }
}

TEST(LogFilter, off_silences_and_an_unknown_level_is_an_error) {
  EXPECT_FALSE(LogFilter::parse("off")->passes(LogLevel::error, "seed"));
  const auto bad = LogFilter::parse("flusso=loud");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, "config.log_filter");
  EXPECT_NE(bad.error().what.find("flusso=loud"), std::string::npos);
}

TEST(StderrOutput, a_line_reaches_stderr_with_its_braces) {
  ::testing::internal::CaptureStderr();
  stderr_output()->line("a {} b");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "a {} b\n");
}

}  // namespace
}  // namespace flusso::telemetry
