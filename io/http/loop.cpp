#include "io/http/loop.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/http/transfer.h"
#include "model/check.h"
#include "model/thread_name.h"

namespace flusso::http {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr int kMaxSleepMs = 60000;
constexpr long kCachedConnections = 32;
constexpr std::size_t kPooledHandles = 16;

struct Submission {
  std::uint64_t id = 0;
  Request request;
  std::function<void(Reply)> done;
};
struct Timer {
  SteadyClock::time_point due;
  std::uint64_t order = 0;
  std::function<void()> task;
};
// Earliest first in a max-heap; equal times keep their order.
bool later(const Timer& a, const Timer& b) { return std::tie(a.due, a.order) > std::tie(b.due, b.order); }

struct Inbox {
  std::vector<Submission> submissions;
  std::vector<std::uint64_t> cancellations;
  std::vector<Timer> timers;
};

void initialise_curl_once() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  FLUSSO_CHECK(code == CURLE_OK, "libcurl could not be initialised");
}

Reply refused_reply(Failure failure, std::string reason) {
  Reply reply;
  reply.failure = failure;
  reply.reason = std::move(reason);
  return reply;
}

}  // namespace

struct Loop::Impl {
  Impl() {
    initialise_curl_once();
    multi = curl_multi_init();
    FLUSSO_CHECK(multi != nullptr, "libcurl gave no multi handle");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kCachedConnections);
    thread = std::thread([this] {
      name_this_thread("http loop");
      run();
    });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    curl_multi_wakeup(multi);
    thread.join();
    pool.clear();
    curl_multi_cleanup(multi);
  }

  void run() {
    while (take_inbox()) {
      int running = 0;
      curl_multi_perform(multi, &running);
      answer_finished();
      run_due_timers();
      if (curl_multi_poll(multi, nullptr, 0, sleep_ms(), nullptr) != CURLM_OK) std::this_thread::yield();
    }
    cancel_all();
  }

  // False when the loop is to end.
  bool take_inbox() {
    Inbox taken;
    {
      const std::lock_guard lock(mutex);
      if (stopping) return false;
      std::swap(taken, inbox);
    }
    keep(std::move(taken.timers));
    for (Submission& submission : taken.submissions) start(std::move(submission));
    for (const std::uint64_t id : taken.cancellations) {
      const auto found = open.find(id);
      if (found != open.end()) end(found, found->second->finish_cancelled());
    }
    return true;
  }

  void keep(std::vector<Timer> added) {
    for (Timer& timer : added) {
      timers.push_back(std::move(timer));
      std::push_heap(timers.begin(), timers.end(), later);
    }
  }

  void start(Submission submission) {
    Easy easy;
    if (!pool.empty()) {
      easy = std::move(pool.back());
      pool.pop_back();
    } else {
      easy.reset(curl_easy_init());
    }
    auto transfer =
        std::make_unique<Transfer>(std::move(easy), std::move(submission.request), std::move(submission.done));
    if (!transfer->prepare() || curl_multi_add_handle(multi, transfer->easy()) != CURLM_OK) {
      transfer->answer(refused_reply(Failure::invalid, "the request cannot be made"));
      return;
    }
    ids.emplace(transfer->easy(), submission.id);
    open.emplace(submission.id, std::move(transfer));
  }

  void answer_finished() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto id = ids.find(message->easy_handle);
      FLUSSO_CHECK(id != ids.end(), "curl finished a transfer that was never started");
      const auto found = open.find(id->second);
      end(found, found->second->finish(code));
    }
  }

  using Open = std::unordered_map<std::uint64_t, std::unique_ptr<Transfer>>;
  void end(Open::iterator found, Reply reply) {
    const std::unique_ptr<Transfer> transfer = std::move(found->second);
    open.erase(found);
    ids.erase(transfer->easy());
    curl_multi_remove_handle(multi, transfer->easy());
    Easy easy = transfer->release_easy();
    curl_easy_reset(easy.get());
    if (pool.size() < kPooledHandles) pool.push_back(std::move(easy));
    transfer->answer(std::move(reply));
  }

  void run_due_timers() {
    while (!timers.empty() && timers.front().due <= SteadyClock::now()) {
      std::pop_heap(timers.begin(), timers.end(), later);
      const Timer timer = std::move(timers.back());
      timers.pop_back();
      timer.task();
    }
  }

  int sleep_ms() const {
    if (timers.empty()) return kMaxSleepMs;
    const auto wait = std::chrono::ceil<Millis>(timers.front().due - SteadyClock::now()).count();
    return static_cast<int>(std::clamp<Millis::rep>(wait, 0, kMaxSleepMs));
  }

  void cancel_all() {
    while (!open.empty()) end(open.begin(), open.begin()->second->finish_cancelled());
    Inbox rest;
    {
      const std::lock_guard lock(mutex);
      std::swap(rest, inbox);
    }
    for (Submission& submission : rest.submissions) submission.done(refused_reply(Failure::cancelled, "cancelled"));
    keep(std::move(rest.timers));
    run_due_timers();
  }

  CURLM* multi = nullptr;
  std::mutex mutex;
  Inbox inbox;            // guarded by mutex
  bool stopping = false;  // guarded by mutex
  std::atomic<std::uint64_t> next_id{1};

  // The loop thread's own.
  Open open;
  std::unordered_map<CURL*, std::uint64_t> ids;
  std::vector<Timer> timers;
  std::vector<Easy> pool;
  std::thread thread;
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

RequestId Loop::submit(Request request, std::function<void(Reply)> done) {
  const RequestId id{impl_->next_id++};
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->stopping) {
      impl_->inbox.submissions.push_back(Submission{id.value, std::move(request), std::move(done)});
      done = nullptr;
    }
  }
  if (done)
    done(refused_reply(Failure::cancelled, "cancelled"));
  else
    curl_multi_wakeup(impl_->multi);
  return id;
}

void Loop::cancel(RequestId id) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->inbox.cancellations.push_back(id.value);
  }
  curl_multi_wakeup(impl_->multi);
}

void Loop::after(Millis delay, std::function<void()> task) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->inbox.timers.push_back(Timer{SteadyClock::now() + delay, impl_->next_id++, std::move(task)});
  }
  curl_multi_wakeup(impl_->multi);
}

}  // namespace flusso::http
