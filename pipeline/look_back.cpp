#include "pipeline/look_back.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "model/clock.h"
#include "model/log.h"
#include "model/row_key.h"
#include "model/row_token.h"
#include "model/thread_name.h"
#include "pipeline/pause.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kLookBackLog{"look_back"};
// Control numbers its questions from 1.
constexpr std::uint64_t kFirstQuestion = std::uint64_t{1} << 63U;
constexpr Millis kRetryAfter{1000};

// The tokens, and for each of their tables the one that stands for too many rows.
std::vector<std::string> with_many_rows(const std::vector<std::string>& tokens) {
  std::set<std::string> tables;
  for (const std::string& token : tokens) tables.insert(many_rows_token(token));
  std::vector<std::string> question = tokens;
  question.insert(question.end(), tables.begin(), tables.end());
  return question;
}

}  // namespace

LookBack::LookBack(const Plan& plan, Backends& backends, const Options& options, LiveStatus& status,
                   std::function<void(stages::LedgerEvent)> post)
    : plan_(plan),
      backends_(backends),
      options_(options),
      status_(status),
      post_(std::move(post)),
      last_question_(kFirstQuestion),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

LookBack::~LookBack() { stop(); }

bool LookBack::possible(Backends& backends) {
  return std::any_of(backends.sinks().begin(), backends.sinks().end(),
                     [](const SinkBackend& sink) { return sink.tokens != nullptr; });
}

void LookBack::add(OldRows rows) {
  for (const auto& [index, tokens] : rows.tokens) status_.old_rows_searched += tokens.size();
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(rows));
  }
  changed_.notify_all();
}

bool LookBack::answered(std::uint64_t question) {
  if (question < kFirstQuestion) return false;
  {
    const std::scoped_lock lock(mutex_);
    unanswered_.erase(question);
  }
  changed_.notify_all();
  return true;
}

void LookBack::hurry() {
  {
    const std::scoped_lock lock(mutex_);
    hurry_ = true;
  }
  changed_.notify_all();
}

void LookBack::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void LookBack::work(const std::stop_token& stop) {
  name_this_thread("look back");
  while (!stop.stop_requested()) {
    const Round round = next_round(stop);
    std::set<IndexId> indexes;
    for (const OldRows& rows : round)
      for (const auto& [index, tokens] : rows.tokens) indexes.insert(index);
    if (round.empty() || !await_attempts(indexes, stop)) return;
    while (true) {
      auto found = search(round);
      if (found) {
        tell(round, *std::move(found));
        break;
      }
      kLookBackLog.warn(
          "the documents that changed rows have left cannot be searched for; nothing is confirmed meanwhile",
          kv("reason", found.error().what));
      if (!pause(stop, kRetryAfter)) return;
    }
  }
}

LookBack::Round LookBack::next_round(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return !waiting_.empty(); });
  const auto due = [this] { return last_round_ + options_.old_parent_interval; };
  changed_.wait_until(lock, stop, due(), [this] { return hurry_; });
  if (stop.stop_requested()) return {};
  last_round_ = steady_now();
  return std::exchange(waiting_, {});
}

Status LookBack::await_attempts(const std::set<IndexId>& indexes, const std::stop_token& stop) {
  std::vector<stages::BarrierRequest> requests;
  {
    const std::scoped_lock lock(mutex_);
    for (const IndexId index : indexes) {
      requests.push_back({index, ++last_question_});
      unanswered_.insert(last_question_);
    }
  }
  for (const stages::BarrierRequest& request : requests) post_(request);
  std::unique_lock lock(mutex_);
  if (changed_.wait(lock, stop, [this] { return unanswered_.empty(); })) return {};
  return fail(ErrorKind::cancelled, "run.stopped", "the run was stopped");
}

Result<std::map<IndexId, std::vector<std::vector<std::string>>>> LookBack::search(const Round& round) {
  std::map<IndexId, std::vector<std::size_t>> groups;  // positions in the round
  for (std::size_t i = 0; i < round.size(); ++i)
    for (const auto& [index, tokens] : round[i].tokens) groups[index].push_back(i);
  std::map<IndexId, std::vector<std::vector<std::string>>> found;
  for (const auto& [index, positions] : groups) {
    const IndexPlan& plan = plan_.indexes[index.value];
    std::vector<std::vector<std::string>> questions;
    for (const std::size_t i : positions) questions.push_back(with_many_rows(round[i].tokens.at(index)));
    auto& of_index = found[index];
    of_index.resize(round.size());
    for (const SinkBackend& sink : backends_.sinks()) {
      if (!sink.tokens) continue;
      FLUSSO_TRY(sink.tokens->refresh(plan));
      FLUSSO_TRY_ASSIGN(auto answers, sink.tokens->find(plan, questions));
      for (std::size_t i = 0; i < answers.size(); ++i)
        std::move(answers[i].begin(), answers[i].end(), std::back_inserter(of_index[positions[i]]));
    }
  }
  return found;
}

void LookBack::tell(const Round& round, std::map<IndexId, std::vector<std::vector<std::string>>> found) {
  for (std::size_t i = 0; i < round.size(); ++i) {
    std::vector<stages::KeyPage> pages;
    for (auto& [index, of_index] : found) {
      stages::KeyPage page;
      page.seq = round[i].seq;
      page.index = index;
      page.found = true;
      for (std::string& id : of_index[i]) {
        if (auto key = key_of_document_id(id)) {
          page.keys.push_back(*std::move(key));
          continue;
        }
        ++status_.unknown_old_parents;
        kLookBackLog.error("a document with a digest as its _id holds a row that left it and cannot be rebuilt",
                           kv("index", plan_.indexes[index.value].name), kv("id", id));
      }
      status_.old_parents_found += page.keys.size();
      pages.push_back(std::move(page));
    }
    pages.back().pages_of_part = static_cast<std::uint32_t>(pages.size());
    for (stages::KeyPage& page : pages) post_(std::move(page));
  }
}

}  // namespace flusso::pipeline
