#pragma once
// Bulk requests between send() and done(): waiting for their backoff, waiting for a place, on the wire, answered.
//
//   send ──attempt > 0──▶ backing_off ──timer──▶ ready ──a place is free──▶ on the wire ──▶ done
//     └──────attempt 0──────────────────────────▶┘
//
// Thread: any; `done` runs on the loop's thread. A loop callback may outlive the writer, so this part is shared.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "io/http/client.h"
#include "io/opensearch/concurrency.h"
#include "io/opensearch/os_bulk_writer.h"

namespace flusso::opensearch {

class OsBulkWriter::Wire : public std::enable_shared_from_this<OsBulkWriter::Wire> {
 public:
  Wire(http::Loop& loop, http::Endpoint endpoint, std::string target, unsigned most_in_flight, Backoff backoff,
       std::shared_ptr<OutageLog> outage);

  void send(BulkRequest request, std::function<void(BulkReply)> done);
  void cancel_pending();
  bool wait_idle(Millis at_most);
  void resume();
  // As cancel_pending, for ever: nothing is put on the wire any more.
  void close();

 private:
  struct Flight {
    BulkRequest request;
    std::function<void(BulkReply)> done;
  };
  using FlightPtr = std::shared_ptr<Flight>;
  void pump();
  void start(const FlightPtr& flight);
  void on_backoff_over(const FlightPtr& flight);
  void on_reply(const FlightPtr& flight, http::Reply reply);
  void answer_cancelled(std::deque<FlightPtr> flights);
  void answer(const FlightPtr& flight, BulkReply reply);
  void note(const http::Reply& reply, bool too_many);

  http::Loop& loop_;
  const http::Endpoint endpoint_;
  const std::string target_;
  const Backoff backoff_;
  const std::shared_ptr<OutageLog> outage_;

  std::mutex mutex_;
  std::condition_variable idle_;
  Concurrency concurrency_;
  std::deque<FlightPtr> ready_;
  std::list<FlightPtr> backing_off_;
  unsigned on_the_wire_ = 0;
  std::uint64_t unanswered_ = 0;
  bool cancelled_ = false;
  bool closed_ = false;
};

}  // namespace flusso::opensearch
