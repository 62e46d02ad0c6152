#pragma once
// The data plane of an OpenSearch sink: action lines, POST /_bulk with several requests on the wire, and what each
// answer means. A request that failed is classified by one question: may the cluster have applied it, now or later?
//   not applied    connection failed before the first body byte; whole-request 429, 503, 413, 400, 401, 403, 404
//   maybe applied  timeout, reset, truncated answer after the first body byte; 500, 502, 504 and other 5xx
// It resends nothing by itself; a request with attempt > 0 waits its backoff here first. Requests beyond the allowed
// concurrency (halved on 429) wait in a list of its own.
// Thread: as in model/ports/sink.h; `done` runs on the HTTP loop's thread.

#include <functional>
#include <memory>
#include <string>

#include "io/http/client.h"
#include "io/opensearch/action_lines.h"
#include "io/opensearch/backoff.h"
#include "io/opensearch/outage_log.h"
#include "model/ports/sink.h"

namespace flusso::opensearch {

struct BulkWriterOptions {
  std::string sink;      // name, for logs
  std::string prefix;    // of index names
  std::string pipeline;  // ingest pipeline, empty = none
  SinkLimits limits;
  Backoff backoff;
};

class OsBulkWriter final : public BulkWriter {
 public:
  OsBulkWriter(std::shared_ptr<http::Loop> loop, http::Endpoint endpoint, BulkWriterOptions options,
               std::shared_ptr<OutageLog> outage);
  // Cancels what waits; requests on the wire are cancelled by the loop's end.
  ~OsBulkWriter() override;

  SinkLimits limits() const override;
  void begin_run(const Plan& plan) override;
  void set_generation(IndexId index, unsigned slot, std::optional<Generation> generation) override;
  void render_action(const BulkItem& item, unsigned slot, std::string& lines) const override;
  void send(BulkRequest request, std::function<void(BulkReply)> done) override;
  BulkOutcome read_reply(const BulkReply& reply) const override;
  void refresh(const std::vector<IndexId>& indexes) override;
  void cancel_pending() override;
  bool wait_idle(Millis at_most) override;
  void resume() override;

 private:
  class Wire;       // what is waiting and what is on the wire
  class Refresher;  // one refresh at a time, later ones joined
  BulkWriterOptions options_;
  ActionLines lines_;
  std::shared_ptr<http::Loop> loop_;
  std::shared_ptr<Wire> wire_;
  std::shared_ptr<Refresher> refresher_;
};

// The failure of a whole bulk request, by the reply's transport failure or status; nothing for a 2xx answer.
struct WholeFailure {
  Error error;
  bool maybe_applied = false;
};
std::optional<WholeFailure> whole_failure(const http::Reply& reply);

}  // namespace flusso::opensearch
