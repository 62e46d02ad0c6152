#include "pipeline/loss_report.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/log.h"

namespace flusso::pipeline {
namespace {

// Keeps what is logged while it lives.
class Listener final : public LogBackend {
 public:
  Listener() : before_(log_backend()) { install_log_backend(this); }
  ~Listener() override { install_log_backend(before_); }
  bool enabled(LogLevel, std::string_view) const noexcept override { return true; }
  void write(LogLevel level, std::string_view, std::string_view phrase,
             std::initializer_list<LogField> fields) noexcept override {
    std::string line(level == LogLevel::warn ? "warn: " : "");
    line += phrase;
    for (const LogField& field : fields)
      if (field.key != "cure") line += " " + std::string(field.key) + "=" + field.value;
    lines.push_back(line);
    has_cure = !fields.size() || std::data(fields)[fields.size() - 1].key == "cure";
  }
  std::vector<std::string> lines;
  bool has_cure = false;

 private:
  LogBackend* before_;
};

Plan plan_of_users() {
  Plan plan;
  plan.indexes.resize(1);
  plan.indexes[0].name = "users";
  plan.indexes[0].schema.primary_key = {"tenant", "id"};
  return plan;
}

TEST(LossReport, counts_all_and_warns_once_per_field_with_the_cure) {
  Listener log;
  LiveStatus status;
  const Plan plan = plan_of_users();
  for (int i = 0; i < 3; ++i) {
    DocBatch batch;
    batch.losses = {{"orders.total", LossKind::not_finite, 2}, {"born", LossKind::date_range, 1}};
    report_losses(batch, plan, status);
    EXPECT_TRUE(batch.losses.empty());
  }
  EXPECT_EQ(log.lines, (std::vector<std::string>{
                           "warn: NaN or Infinity is indexed as null index=users field=orders.total",
                           "warn: a date outside the years 0001 to 9999 is indexed as null index=users field=born"}));
  EXPECT_TRUE(log.has_cure);
  const auto entries = status.losses.entries();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].loss.field, "born");
  EXPECT_EQ(entries[0].loss.count, 3U);
  EXPECT_EQ(entries[1].loss.count, 6U);
}

TEST(LossReport, rows_without_a_key_are_named_by_their_key_columns) {
  Listener log;
  LiveStatus status;
  report_null_keys(IndexId{0}, 4, plan_of_users(), status);
  report_null_keys(IndexId{0}, 1, plan_of_users(), status);
  EXPECT_EQ(log.lines,
            (std::vector<std::string>{"warn: a row with NULL in its key has no document index=users field=tenant,id"}));
  EXPECT_EQ(status.losses.entries().at(0).loss.count, 5U);
}

}  // namespace
}  // namespace flusso::pipeline
