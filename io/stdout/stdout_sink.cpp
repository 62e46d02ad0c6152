#include "io/stdout/stdout_sink.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "io/stdout/envelope.h"
#include "io/stdout/output.h"
#include "model/row_key.h"
#include "model/thread_name.h"

namespace flusso::stdout_sink {
namespace {

constexpr std::size_t kWriteBytes = 256 * 1024;

class StdoutWriter final : public BulkWriter {
 public:
  StdoutWriter(Layout layout, int fd)
      : layout_(layout), output_(fd), thread_([this] {
          name_this_thread("stdout");
          work();
        }) {}

  ~StdoutWriter() override {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      cancelled_ = true;
    }
    output_.interrupt();
    changed_.notify_all();
    thread_.join();
  }

  SinkLimits limits() const override {
    SinkLimits limits;
    limits.requests_in_flight = 1;
    return limits;
  }

  void begin_run(const Plan& plan) override {
    const std::lock_guard lock(mutex_);
    names_.clear();
    for (const IndexPlan& index : plan.indexes) names_.push_back(index.name);
  }
  void set_generation(IndexId, unsigned, std::optional<Generation>) override {}
  void render_action(const BulkItem&, unsigned, std::string&) const override {}

  void send(BulkRequest request, std::function<void(BulkReply)> done) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(Job{std::move(request), std::move(done)});
    ++unanswered_;
    changed_.notify_all();
  }

  BulkOutcome read_reply(const BulkReply& reply) const override {
    const Outcome each = reply.failure ? Outcome{OutcomeKind::refused, reply.failure->what} : Outcome{};
    return BulkOutcome{std::vector<Outcome>(reply.request.items.size(), each)};
  }
  void refresh(const std::vector<IndexId>&) override {}

  void cancel_pending() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }
  bool wait_idle(Millis at_most) override {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [this] { return unanswered_ == 0; });
  }
  void resume() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = false;
  }

 private:
  struct Job {
    BulkRequest request;
    std::function<void(BulkReply)> done;
  };

  void work() {
    while (std::optional<Job> job = next()) {
      BulkReply reply;
      const Status written =
          cancelled()
              ? Status(fail(ErrorKind::cancelled, "http.cancelled", "the request was cancelled before it was written"))
              : write(job->request);
      if (written)
        reply.http_status = 200;
      else
        reply.failure = written.error();
      reply.request = std::move(job->request);
      job->done(std::move(reply));
      const std::lock_guard lock(mutex_);
      --unanswered_;
      changed_.notify_all();
    }
  }

  std::optional<Job> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !queue_.empty(); });
    if (queue_.empty()) return std::nullopt;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    return job;
  }

  bool cancelled() {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

  Status write(const BulkRequest& request) {
    std::vector<std::string> names;
    {
      const std::lock_guard lock(mutex_);
      names = names_;
    }
    std::string text;
    for (const BulkItem& item : request.items) {
      const std::string_view index =
          item.index.value < names.size() ? std::string_view(names[item.index.value]) : std::string_view();
      const std::string document = visible_document(item.body, item.hidden_length);
      append_envelope(text, Operation{index, document_id(item.key), document, ++seq_, std::chrono::system_clock::now()},
                      layout_);
      if (text.size() < kWriteBytes) continue;
      FLUSSO_TRY(output_.write(text));
      text.clear();
    }
    return output_.write(text);
  }

  const Layout layout_;
  Output output_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;
  std::vector<std::string> names_;  // by IndexId
  std::uint64_t unanswered_ = 0;
  bool cancelled_ = false;
  bool closed_ = false;
  std::uint64_t seq_ = 0;  // the thread's own
  std::thread thread_;
};

}  // namespace

Result<SinkBackend> make_stdout_sink(const std::string& name, bool pretty, int fd) {
  SinkBackend backend;
  backend.name = name;
  backend.writer = std::make_unique<StdoutWriter>(pretty ? Layout::indented : Layout::lines, fd);
  return backend;
}

}  // namespace flusso::stdout_sink
