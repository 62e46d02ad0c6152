#pragma once
// A capture over a test database: slot and publication are made through SourceAdmin, events are collected as plain
// text.

#include <fmt/format.h>

#include <optional>

#include "tests/support/pg_database.h"

namespace flusso::pg::test {

inline std::string shown(const std::vector<FieldText>* fields) {
  if (fields == nullptr) return "-";
  std::string out = "(";
  for (const FieldText& field : *fields) {
    if (out.size() > 1) out += ',';
    switch (field.state) {
      case FieldText::State::missing:
        out += "missing";
        break;
      case FieldText::State::null:
        out += "null";
        break;
      case FieldText::State::unchanged:
        out += "unchanged";
        break;
      case FieldText::State::text:
        out += field.text;
        break;
    }
  }
  return out + ")";
}

// "insert 0 - (1,a)"; begin and commit by their names; "truncate 0", "narrowed 0", "changed 0"; nothing for keepalives.
inline std::string shown(const CaptureEvent& event) {
  if (const auto* row = std::get_if<RowEvent>(&event)) {
    const char* op = row->op == ChangeOp::insert ? "insert" : row->op == ChangeOp::update ? "update" : "delete";
    return fmt::format("{} {} {} {}", op, row->table.value, shown(row->old_fields), shown(row->new_fields));
  }
  if (std::holds_alternative<CaptureBegin>(event)) return "begin";
  if (std::holds_alternative<CaptureCommit>(event)) return "commit";
  if (const auto* gap = std::get_if<CaptureGap>(&event)) {
    std::string out;
    for (const TableGap& one : gap->gaps)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ",
                         one.reason == GapReason::truncated           ? "truncate"
                         : one.reason == GapReason::identity_narrowed ? "narrowed"
                                                                      : "changed",
                         one.table.value);
    return out;
  }
  return {};
}

// Begins the stream. The walsender of an earlier capture may need a moment to leave the slot.
inline Result<Lsn> start_when_free(ChangeCapture& capture) {
  auto from = capture.start();
  for (int i = 0; i < 400 && !from && from.error().code == "pg.55006"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    from = capture.start();
  }
  return from;
}

// Makes publication and slot over the tables of `plan`, which must outlive it, and begins the stream; null after a
// failure.
inline std::unique_ptr<ChangeCapture> begin_capture(TestDatabase& database, const Plan& plan) {
  const auto state = make_source_admin(database.options())->prepare(plan, {});
  EXPECT_TRUE(state) << state.error().what;
  if (!state) return nullptr;
  auto capture = make_capture(database.options(), plan);
  const auto from = capture->start();
  EXPECT_TRUE(from) << from.error().what;
  return from ? std::move(capture) : nullptr;
}

class CaptureTest : public ::testing::Test {
 protected:
  // Makes publication and slot over the tables of plan_ and starts a capture.
  void prepare() {
    auto state = make_source_admin(database.options())->prepare(plan, {});
    ASSERT_TRUE(state) << state.error().what;
  }
  // With a capture that tells the server nothing of itself until long after every deadline of the tests.
  void open_silent() {
    PgSourceOptions options = database.options();
    options.feedback_interval = std::chrono::minutes(2);
    open(options);
  }
  void open() { open(database.options()); }
  void open(const PgSourceOptions& options) {
    capture = make_capture(options, plan);
    start();
  }
  // Begins a new stream with the same object.
  void start() {
    const auto from = start_when_free(*capture);
    ASSERT_TRUE(from) << from.error().what;
    started_at = *from;
  }
  void prepare_and_open() {
    prepare();
    if (!HasFatalFailure()) open();
  }

  // Reads until `commits` commits have been seen; the texts of all events but begin and keepalives.
  std::vector<std::string> read_commits(int commits) {
    std::vector<std::string> seen;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (commits > 0 && std::chrono::steady_clock::now() < deadline) {
      auto event = capture->next(Millis(200));
      if (!event) {
        ADD_FAILURE() << event.error().code << " " << event.error().what;
        return seen;
      }
      if (const auto* commit = std::get_if<CaptureCommit>(&*event)) {
        last_commit = commit->end_lsn;
        --commits;
      }
      const std::string text = shown(*event);
      if (!text.empty() && text != "begin" && text != "commit") seen.push_back(text);
    }
    EXPECT_EQ(commits, 0) << "the stream fell silent";
    return seen;
  }
  // Reads until the stream fails, waiting `wait` for each event; the failure, nothing when it does not come.
  std::optional<Error> read_until_error(Millis wait = Millis(50)) {
    std::optional<Error> error;
    eventually([&] {
      if (const auto event = capture->next(wait); !event) error = event.error();
      return error.has_value();
    });
    return error;
  }
  Lsn slot_flush() {
    return database
        .run("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" + database.slot() + "'")
        .lsn(0, 0);
  }
  Lsn wal_now() { return database.run("SELECT pg_current_wal_lsn()").lsn(0, 0); }

  void SetUp() override { ASSERT_TRUE(database.ready()); }

  TestDatabase database;
  Plan plan;
  std::unique_ptr<ChangeCapture> capture;
  Lsn started_at, last_commit;
};

}  // namespace flusso::pg::test
