#include "io/opensearch/bulk_wire.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace flusso::opensearch {
namespace {

// One item refused for lack of room tells as much as a refused request. The text is only searched, not parsed: this
// runs on the loop's thread.
bool says_too_many(const http::Reply& reply) {
  if (!reply.complete()) return false;
  if (reply.status == 429) return true;
  return reply.status == 200 && reply.body.find("\"status\":429") != std::string::npos &&
         reply.body.find("rejected_execution_exception") != std::string::npos;
}

bool says_wait(const http::Reply& reply, const std::optional<WholeFailure>& failure) {
  if (!reply.complete()) return reply.failure != http::Failure::cancelled;
  if (reply.status == 403) return failure && failure->error.kind == ErrorKind::transient;  // a block
  return reply.status == 502 || reply.status == 503 || reply.status == 504;
}

}  // namespace

OsBulkWriter::Wire::Wire(http::Loop& loop, http::Endpoint endpoint, std::string target, unsigned most_in_flight,
                         Backoff backoff, std::shared_ptr<OutageLog> outage)
    : loop_(loop),
      endpoint_(std::move(endpoint)),
      target_(std::move(target)),
      backoff_(backoff),
      outage_(std::move(outage)),
      concurrency_(most_in_flight) {}

void OsBulkWriter::Wire::send(BulkRequest request, std::function<void(BulkReply)> done) {
  const auto flight = std::make_shared<Flight>(Flight{std::move(request), std::move(done)});
  const std::uint32_t attempt = flight->request.attempt;
  bool refused = false;
  {
    const std::lock_guard lock(mutex_);
    ++unanswered_;
    refused = cancelled_ || closed_;
    if (!refused && attempt > 0) backing_off_.push_back(flight);
    if (!refused && attempt == 0) ready_.push_back(flight);
  }
  if (refused) {
    answer_cancelled({flight});
  } else if (attempt > 0) {
    loop_.after(backoff_.wait(attempt), [self = shared_from_this(), flight] { self->on_backoff_over(flight); });
  } else {
    pump();
  }
}

void OsBulkWriter::Wire::on_backoff_over(const FlightPtr& flight) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find(backing_off_.begin(), backing_off_.end(), flight);
    if (found == backing_off_.end()) return;  // cancelled meanwhile
    backing_off_.erase(found);
    ready_.push_front(flight);
  }
  pump();
}

void OsBulkWriter::Wire::pump() {
  std::vector<FlightPtr> starting;
  {
    const std::lock_guard lock(mutex_);
    while (!ready_.empty() && on_the_wire_ < concurrency_.allowed()) {
      starting.push_back(std::move(ready_.front()));
      ready_.pop_front();
      ++on_the_wire_;
    }
  }
  for (const FlightPtr& flight : starting) start(flight);
}

void OsBulkWriter::Wire::start(const FlightPtr& flight) {
  http::Request request = http::request_to(endpoint_, http::Method::post, target_);
  request.headers.push_back({"Content-Type", "application/x-ndjson"});
  request.segments = flight->request.segments;
  loop_.submit(std::move(request),
               [self = shared_from_this(), flight](http::Reply reply) { self->on_reply(flight, std::move(reply)); });
}

void OsBulkWriter::Wire::on_reply(const FlightPtr& flight, http::Reply reply) {
  const bool too_many = says_too_many(reply);
  {
    const std::lock_guard lock(mutex_);
    --on_the_wire_;
    if (too_many)
      concurrency_.on_too_many(on_the_wire_);
    else if (reply.complete() && reply.status == 200)
      concurrency_.on_success();
  }
  std::optional<WholeFailure> failure = whole_failure(reply);
  if (says_wait(reply, failure))
    outage_->failed(failure ? failure->error.what : reply.reason);
  else if (reply.complete())
    outage_->answered();
  pump();
  BulkReply answered;
  if (failure) {
    answered.failure = std::move(failure->error);
    answered.maybe_applied = failure->maybe_applied;
  }
  answered.http_status = reply.status;
  answered.body = std::move(reply.body);
  answer(flight, std::move(answered));
}

void OsBulkWriter::Wire::answer(const FlightPtr& flight, BulkReply reply) {
  reply.request = std::move(flight->request);
  const auto done = std::move(flight->done);
  done(std::move(reply));
  const std::lock_guard lock(mutex_);
  if (--unanswered_ == 0) idle_.notify_all();
}

void OsBulkWriter::Wire::answer_cancelled(std::deque<FlightPtr> flights) {
  if (flights.empty()) return;
  loop_.after(Millis{0}, [self = shared_from_this(), flights = std::move(flights)] {
    for (const FlightPtr& flight : flights) {
      BulkReply reply;
      reply.failure = Error{ErrorKind::cancelled, "http.cancelled", "the request was cancelled before it was sent"};
      self->answer(flight, std::move(reply));
    }
  });
}

void OsBulkWriter::Wire::cancel_pending() {
  std::deque<FlightPtr> waiting;
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    std::swap(waiting, ready_);
    waiting.insert(waiting.end(), backing_off_.begin(), backing_off_.end());
    backing_off_.clear();
  }
  answer_cancelled(std::move(waiting));
}

bool OsBulkWriter::Wire::wait_idle(Millis at_most) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, at_most, [this] { return unanswered_ == 0; });
}

void OsBulkWriter::Wire::resume() {
  const std::lock_guard lock(mutex_);
  cancelled_ = false;
}

void OsBulkWriter::Wire::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  cancel_pending();
}

}  // namespace flusso::opensearch
