#include "pipeline/commit_log.h"

#include <fmt/format.h>

namespace flusso::pipeline {
namespace {

constexpr std::size_t kMostMarks = 4096;

Status history_changed(const CommitMark& expected, const std::string& found) {
  return fail(ErrorKind::permanent, "source.history_changed",
              fmt::format("the stream {} at {}, where transaction {} had ended: the server was restored to an earlier "
                          "moment and has gone another way since",
                          found, expected.end_lsn, expected.xid.value));
}

}  // namespace

Status CommitLog::committed(CommitMark commit) {
  if (expected_) {
    if (commit.end_lsn >= expected_->end_lsn && commit != *expected_)
      return history_changed(
          *expected_, commit.end_lsn == expected_->end_lsn
                          ? fmt::format("shows transaction {}", commit.xid.value)
                          : fmt::format("shows none, but transaction {} at {},", commit.xid.value, commit.end_lsn));
    if (commit == *expected_) expected_.reset();
  }
  const std::scoped_lock lock(mutex_);
  newest_ = commit;
  if (++passed_over_ < stride_) return {};
  passed_over_ = 0;
  marks_.push_back(commit);
  if (marks_.size() <= kMostMarks) return {};
  for (std::size_t i = 0; 2 * i < marks_.size(); ++i) marks_[i] = marks_[2 * i];
  marks_.resize((marks_.size() + 1) / 2);
  stride_ *= 2;
  return {};
}

Status CommitLog::reached(Lsn position) {
  if (expected_ && position >= expected_->end_lsn) return history_changed(*expected_, "shows no transaction");
  return {};
}

std::optional<CommitMark> CommitLog::last_up_to(Lsn position) {
  const std::scoped_lock lock(mutex_);
  std::optional<CommitMark> last;
  while (!marks_.empty() && marks_.front().end_lsn <= position) {
    last = marks_.front();
    marks_.pop_front();
  }
  if (newest_ && newest_->end_lsn <= position) {
    last = newest_;
    newest_.reset();
    stride_ = 1;
  }
  return last;
}

}  // namespace flusso::pipeline
