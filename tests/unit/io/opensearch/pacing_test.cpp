// Waiting before a resend, how many requests may be out, and what is said about an outage.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/opensearch/backoff.h"
#include "io/opensearch/concurrency.h"
#include "io/opensearch/outage_log.h"
#include "model/log.h"

namespace flusso::opensearch {
namespace {

TEST(Backoff, its_bound_grows_threefold_up_to_the_cap) {
  const Backoff backoff;
  EXPECT_EQ(backoff.bound(1), Millis{600});
  EXPECT_EQ(backoff.bound(2), Millis{1800});
  EXPECT_EQ(backoff.bound(4), Millis{10000});
  EXPECT_EQ(backoff.bound(4000000000U), Millis{10000});
}

TEST(Backoff, a_wait_lies_between_base_and_bound_and_varies) {
  const Backoff backoff;
  std::vector<Millis> waits;
  for (int i = 0; i < 200; ++i) waits.push_back(backoff.wait(3));
  const auto [least, most] = std::minmax_element(waits.begin(), waits.end());
  EXPECT_GE(*least, Millis{200});
  EXPECT_LE(*most, Millis{5400});
  EXPECT_LT(*least, *most);
}

TEST(Concurrency, it_halves_once_per_burst_and_never_below_one) {
  Concurrency concurrency(8);
  for (unsigned left = 8; left-- > 0;) concurrency.on_too_many(left);
  EXPECT_EQ(concurrency.allowed(), 4U);
  for (int i = 0; i < 10; ++i) concurrency.on_too_many(0);
  EXPECT_EQ(concurrency.allowed(), 1U);
}

TEST(Concurrency, it_grows_by_one_per_window_of_good_answers_up_to_its_limit) {
  Concurrency concurrency(4);
  concurrency.on_too_many(0);
  ASSERT_EQ(concurrency.allowed(), 2U);
  concurrency.on_success();
  EXPECT_EQ(concurrency.allowed(), 2U);
  concurrency.on_success();
  EXPECT_EQ(concurrency.allowed(), 3U);
  for (int i = 0; i < 50; ++i) concurrency.on_success();
  EXPECT_EQ(concurrency.allowed(), 4U);
}

struct CapturedLog final : LogBackend {
  CapturedLog() { install_log_backend(this); }
  ~CapturedLog() override { install_log_backend(nullptr); }
  bool enabled(LogLevel, std::string_view) const noexcept override { return true; }
  void write(LogLevel, std::string_view, std::string_view phrase,
             std::initializer_list<LogField> fields) noexcept override {
    std::string line(phrase);
    for (const LogField& field : fields)
      if (field.key != "since") line += " " + std::string(field.key) + "=" + field.value;
    lines.push_back(line);
  }
  std::vector<std::string> lines;
};

TEST(OutageLog, an_outage_is_told_at_once_then_every_ten_seconds_and_when_it_ends) {
  CapturedLog log;
  ManualClock clock;
  OutageLog outage("primary", "http://h:9200", clock);
  outage.answered();
  outage.failed("connection refused");
  outage.failed("connection refused");
  clock.advance(Millis{9999});
  outage.failed("connection refused");
  clock.advance(Millis{1});
  outage.failed("connection refused");
  clock.advance(Millis{2000});
  outage.answered();
  outage.answered();
  EXPECT_EQ(log.lines, (std::vector<std::string>{
                           "waiting for sink sink=primary url=http://h:9200 reason=connection refused seconds=0",
                           "waiting for sink sink=primary url=http://h:9200 reason=connection refused seconds=10",
                           "sink is back sink=primary url=http://h:9200 seconds=12",
                       }));
}

}  // namespace
}  // namespace flusso::opensearch
