#include "io/surfaces/status_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace flusso::surfaces {
namespace {

using Json = nlohmann::ordered_json;

StatusReport full() {
  StatusReport report;
  report.version = "1.2.3";
  report.phase = "live";
  report.role = "leader";
  report.uptime_seconds = 12;
  report.indexes = {{"orders", IndexPhase::paused}, {"users", IndexPhase::seeded}};
  report.paused = {{"orders", "column total is gone"}};
  report.seeds = {SeedProgress{"users", 1000.6, 900.2, 4, 3, true}};
  report.changes_captured = 9;
  report.changes_committed = 7;
  report.changes_in_flight = 2;
  report.documents_built = 40;
  report.documents_quarantined = 1;
  report.batches = 3;
  report.last_flush_micros = 1500;
  report.slot = SlotStatus{"reserved", 64, 4096, std::nullopt};
  report.errors = 1;
  report.last_error = "the server is away";
  report.confirmed = Lsn{0x1'0000'00A0};
  report.value_losses = {{"users", {"score", LossKind::not_finite, 2}}, {"users", {"score", LossKind::date_range, 1}}};
  report.runs = 2;
  return report;
}

TEST(StatusJson, the_documented_keys_come_first_and_in_the_documented_order) {
  EXPECT_EQ(
      status_json(full()).substr(0, status_json(full()).find(",\"version\"")),
      R"({"phase":"live","uptime_seconds":12,"indexes":{"orders":"paused","users":"seeded"},"changes_captured":9,)"
      R"("changes_committed":7,"changes_in_flight":2,"documents_built":40,"documents_quarantined":1,"batches":3,)"
      R"("last_flush_micros":1500,"slot_lag_bytes":64,"errors":1,"last_error":"the server is away")");
}

TEST(StatusJson, ours_follow) {
  const Json body = Json::parse(status_json(full()));
  EXPECT_EQ(body["version"], "1.2.3");
  EXPECT_EQ(body["role"], "leader");
  EXPECT_EQ(body["paused"].dump(), R"({"orders":"column total is gone"})");
  EXPECT_EQ(body["slot"].dump(), R"({"wal_status":"reserved","retained_bytes":4096,"safe_wal_bytes":null})");
  EXPECT_EQ(body["confirmed_lsn"], "1/A0");
  EXPECT_EQ(body["seeds"].dump(),
            R"([{"index":"users","rows_done":900,"rows_estimated":1000,"chunks_done":3,"chunks":4,"resumed":true}])");
  EXPECT_EQ(body["value_losses"].dump(), R"({"users":{"score":{"not_finite":2,"date_range":1}}})");
  EXPECT_EQ(body["runs"], 2);
}

TEST(StatusJson, what_is_not_known_yet_is_null) {
  const Json body = Json::parse(status_json(StatusReport{}));
  for (const char* key : {"slot_lag_bytes", "last_error", "slot", "confirmed_lsn"})
    EXPECT_TRUE(body[key].is_null()) << key;
  EXPECT_EQ(body["indexes"].dump(), "{}");
  EXPECT_EQ(body["seeds"].dump(), "[]");
}

TEST(StatusJson, long_reasons_are_cut_between_characters) {
  StatusReport report = full();
  report.last_error = "x";
  for (int i = 0; i < 5000; ++i) *report.last_error += "é";
  report.paused["orders"] = *report.last_error;
  const Json body = Json::parse(status_json(report));
  for (const Json& text : {body["last_error"], body["paused"]["orders"]}) {
    EXPECT_LE(text.get<std::string>().size(), 1100U);
    EXPECT_TRUE(text.get<std::string>().ends_with("é…"));
  }
}

TEST(StatusJson, bytes_that_are_no_utf8_do_not_break_the_text) {
  StatusReport report = full();
  report.last_error = "bad \xFF byte and a quote \"";
  EXPECT_EQ(Json::parse(status_json(report))["last_error"], "bad \xEF\xBF\xBD byte and a quote \"");
}

TEST(StatusJson, value_losses_are_bounded) {
  StatusReport report = full();
  report.value_losses.clear();
  for (int i = 0; i < 3000; ++i)
    report.value_losses.push_back({"users", {"f" + std::to_string(i), LossKind::not_finite, 1}});
  EXPECT_EQ(Json::parse(status_json(report))["value_losses"]["users"].size(), 1000U);
}

}  // namespace
}  // namespace flusso::surfaces
