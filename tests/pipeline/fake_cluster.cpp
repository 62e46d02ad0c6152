#include "tests/pipeline/fake_cluster.h"

#include <algorithm>
#include <utility>

namespace flusso::fakes {
namespace {

using std::chrono::microseconds;

ServerAnswer failed(const char* code, bool maybe_applied) {
  ServerAnswer answer;
  answer.failure = Error{ErrorKind::transient, code, std::string("the request failed: ") + code};
  answer.maybe_applied = maybe_applied;
  return answer;
}

}  // namespace

// ---- data plane -----------------------------------------------------------------------------------------------------

std::vector<FakeCluster::Action> FakeCluster::parse(const std::string& body) {
  std::vector<Action> actions;
  std::size_t at = 0;
  const auto line = [&] {
    const std::size_t end = body.find('\n', at);
    std::string text = body.substr(at, end - at);
    at = end == std::string::npos ? body.size() : end + 1;
    return text;
  };
  while (at < body.size()) {
    const std::string head = line();
    const std::size_t first = head.find(' ');
    const std::size_t second = head.find(' ', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      actions.push_back(Action{"", "malformed: " + head, {}});
      continue;
    }
    Action action{head.substr(first + 1, second - first - 1), head.substr(second + 1), {}};
    if (head.starts_with("put")) action.body = line();
    actions.push_back(std::move(action));
  }
  return actions;
}

microseconds FakeCluster::delay() {
  const auto most = chance_.per_mille(faults_.slow_bulk) ? 3000U : 200U;
  return microseconds(chance_.below(most));
}

void FakeCluster::receive(std::shared_ptr<const Sender> sender, std::string body, Millis request_timeout,
                          std::function<void(ServerAnswer)> done) {
  auto task = std::make_shared<Task>();
  task->actions = parse(body);
  task->sender = std::move(sender);
  task->done = std::move(done);
  {
    const Lock lock(mutex_);
    running_.push_back(task);
  }
  scheduler_.after(microseconds(0), [this, task, bytes = body.size(), request_timeout](SteadyTime) {
    arrive(task, bytes, request_timeout);
  });
}

void FakeCluster::refuse(const std::shared_ptr<Task>& task, ServerAnswer with) {
  {
    const Lock lock(mutex_);
    end_work(task);
  }
  scheduler_.after(delay(), [this, task, with = std::move(with)](SteadyTime) { answer(task, with); });
}

void FakeCluster::arrive(const std::shared_ptr<Task>& task, std::size_t bytes, Millis request_timeout) {
  if (away() || chance_.per_mille(faults_.unreachable)) return refuse(task, failed("http.connect", false));
  if (chance_.per_mille(faults_.refused)) return refuse(task, failed("http.503", false));
  bool too_large = false;
  bool held = false;
  {
    const Lock lock(mutex_);
    too_large = bytes > max_body_ && task->actions.size() > 1;  // each document fits, the histories take care
    held = held_ && !too_large;
    if (!too_large) note_attempts(task);
    if (held) waiting_.push_back(task);
  }
  if (too_large) {
    ServerAnswer with = failed("http.413", false);
    with.failure->kind = ErrorKind::permanent;
    return refuse(task, std::move(with));
  }
  if (held) {
    scheduler_.after(request_timeout, [this, task](SteadyTime) { answer(task, failed("http.timeout", true)); });
    ring_();
    return;
  }
  // What writes to a pipe is not overtaken by itself: no zombies there.
  if (plain_ || !chance_.per_mille(faults_.zombie)) return plan_work(task, chance_.per_mille(faults_.reply_lost));
  const SteadyTime told =
      scheduler_.after(delay(), [this, task](SteadyTime) { answer(task, failed("http.timeout", true)); });
  const auto most = static_cast<std::size_t>(std::chrono::duration_cast<microseconds>(request_timeout).count());
  const bool never = chance_.per_mille(300);
  scheduler_.at(told + microseconds(never ? 0 : chance_.below(most)), [this, task, never](SteadyTime) {
    const Lock lock(mutex_);
    std::string statuses;
    if (!never) apply(*task, statuses);
    end_work(task);
  });
}

void FakeCluster::note_attempts(const std::shared_ptr<Task>& task) {
  for (const Action& action : task->actions) {
    auto& others = attempts_[action.index + "/" + action.key];
    // Nobody can wait for what an earlier run left in a sink without a control plane.
    std::erase_if(others,
                  [&](const auto& other) { return other->over() || (plain_ && other->sender != task->sender); });
    verdict_.check(Invariant::one_attempt_per_id, others.empty(),
                   "a second attempt for " + action.index + "/" + action.key);
    others.push_back(task);
  }
  if (plain_) return;
  for (const auto& other : running_)
    verdict_.check(Invariant::no_run_writes_before_the_bulks_of_earlier_ones_have_ended, other->sender == task->sender,
                   "a bulk of an earlier run is still being worked on");
}

void FakeCluster::plan_work(const std::shared_ptr<Task>& task, bool reply_lost) {
  scheduler_.after(delay(), [this, task, reply_lost](SteadyTime) {
    ServerAnswer with;
    {
      const Lock lock(mutex_);
      if (!plain_ || !task->sender->dead) apply(*task, with.body);
      end_work(task);
    }
    if (reply_lost) with = failed("http.reset", true);
    scheduler_.after(delay(), [this, task, with = std::move(with)](SteadyTime) { answer(task, with); });
  });
}

void FakeCluster::apply(Task& task, std::string& statuses) {
  for (const Action& action : task.actions) {
    const auto found = indexes_.find(action.index);
    verdict_.check(Invariant::no_write_reaches_a_retired_generation, found != indexes_.end() || expect_gone,
                   "a write to " + action.index + "/" + action.key);
    if (found == indexes_.end()) {
      statuses += "404\n";
    } else if (chance_.per_mille(faults_.item_busy)) {
      statuses += "429\n";
    } else if (action.body && action.body->find("refused") != std::string::npos) {
      statuses += "400\n";
    } else {
      if (action.body)
        found->second.documents[action.key] = *action.body;
      else
        found->second.documents.erase(action.key);
      ++writes_;
      statuses += "200\n";
    }
  }
}

void FakeCluster::end_work(const std::shared_ptr<Task>& task) {
  task->worked = true;
  std::erase(running_, task);
}

void FakeCluster::answer(const std::shared_ptr<Task>& task, ServerAnswer with) {
  std::function<void(ServerAnswer)> done;
  {
    const Lock lock(mutex_);
    if (task->answered) return;
    task->answered = true;
    done = std::move(task->done);
  }
  done(std::move(with));
  ring_();
}

std::size_t FakeCluster::running_bulks() {
  const Lock lock(mutex_);
  return running_.size();
}

void FakeCluster::hold() {
  const Lock lock(mutex_);
  held_ = true;
}

void FakeCluster::release() {
  std::vector<std::shared_ptr<Task>> waiting;
  {
    const Lock lock(mutex_);
    held_ = false;
    waiting.swap(waiting_);
  }
  for (const auto& task : waiting) plan_work(task, false);
}

std::size_t FakeCluster::held() {
  const Lock lock(mutex_);
  return waiting_.size();
}

void FakeCluster::set_away(bool away) {
  const Lock lock(mutex_);
  away_ = away;
}

bool FakeCluster::away() {
  const Lock lock(mutex_);
  return away_;
}

void FakeCluster::set_max_body(std::size_t bytes) {
  const Lock lock(mutex_);
  max_body_ = bytes;
}

// ---- control plane --------------------------------------------------------------------------------------------------

IndexRecord FakeCluster::record(const std::string& alias) {
  const Lock lock(mutex_);
  IndexRecord record = records_[alias];
  if (record.staged && !indexes_.contains(concrete_name(alias, *record.staged))) record.staged.reset();
  if (record.active.number != 0 && !indexes_.contains(concrete_name(alias, record.active))) {
    record.active = record.staged.value_or(Generation{0});
    record.seeded = false;
    record.staged.reset();
  }
  return record;
}

Generation FakeCluster::stage(const std::string& alias) {
  const Lock lock(mutex_);
  IndexRecord& record = records_[alias];
  record.last = Generation{record.last.number + 1};
  indexes_[concrete_name(alias, record.last)].uuid = "uuid-" + std::to_string(next_uuid_++);
  if (record.seeded && indexes_.contains(concrete_name(alias, record.active))) {
    record.staged = record.last;
  } else {
    record.active = record.last;
    record.seeded = false;
    record.staged.reset();
  }
  return record.last;
}

void FakeCluster::promote(const std::string& alias, Generation generation) {
  {
    const Lock lock(mutex_);
    IndexRecord& record = records_[alias];
    record.active = generation;
    record.seeded = true;
    record.staged.reset();
    ring_();
  }
  on_promoted(alias);
}

void FakeCluster::retire_others(const std::string& alias, Generation keep) {
  const Lock lock(mutex_);
  std::erase_if(indexes_, [&](const auto& index) {
    return index.first.starts_with(alias + "_") && index.first != concrete_name(alias, keep);
  });
}

bool FakeCluster::exists(const std::string& alias, Generation generation) {
  const Lock lock(mutex_);
  return indexes_.contains(concrete_name(alias, generation));
}

std::string FakeCluster::uuid(const std::string& alias, Generation generation) {
  const Lock lock(mutex_);
  const auto found = indexes_.find(concrete_name(alias, generation));
  return found == indexes_.end() ? "" : found->second.uuid;
}

void FakeCluster::delete_index(const std::string& alias, Generation generation) {
  const Lock lock(mutex_);
  indexes_.erase(concrete_name(alias, generation));
}

void FakeCluster::create_plain(const std::string& alias) {
  const Lock lock(mutex_);
  plain_ = true;
  indexes_.try_emplace(concrete_name(alias, Generation{1}));
}

std::map<std::string, std::string> FakeCluster::documents(const std::string& alias, Generation generation) {
  const Lock lock(mutex_);
  const auto found = indexes_.find(concrete_name(alias, generation));
  return found == indexes_.end() ? std::map<std::string, std::string>{} : found->second.documents;
}

std::optional<std::string> FakeCluster::document(const std::string& alias, Generation generation,
                                                 const std::string& key) {
  const Lock lock(mutex_);
  const auto index = indexes_.find(concrete_name(alias, generation));
  if (index == indexes_.end()) return std::nullopt;
  const auto found = index->second.documents.find(key);
  if (found == index->second.documents.end()) return std::nullopt;
  return found->second;
}

void FakeCluster::refresh(const std::string& alias) {
  const Lock lock(mutex_);
  for (auto& [name, index] : indexes_)
    if (name.starts_with(alias + "_")) index.searchable = index.documents;
}

std::set<std::string> FakeCluster::search(const std::string& alias,
                                          const std::function<bool(const std::string& document)>& holds) {
  const Lock lock(mutex_);
  std::set<std::string> keys;
  for (const auto& [name, index] : indexes_)
    if (name.starts_with(alias + "_"))
      for (const auto& [key, document] : index.searchable)
        if (holds(document)) keys.insert(key);
  return keys;
}

}  // namespace flusso::fakes
