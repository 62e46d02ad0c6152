#pragma once
// A destination: its data plane (BulkWriter) and its control plane (IndexAdmin). OpenSearch has both, stdout only the
// first.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/batches.h"
#include "model/clock.h"
#include "model/ids.h"
#include "model/plan.h"
#include "model/ports/records.h"
#include "model/ports/token_search.h"
#include "model/result.h"

namespace flusso {

struct SinkLimits {
  std::uint32_t max_documents = 1000;            // per bulk request
  std::uint64_t max_bytes = 8ULL * 1024 * 1024;  // per bulk request; a larger document travels alone
  std::uint32_t requests_in_flight = 4;
  Millis request_timeout{30000};
};

// Data plane. Thread: render_action and read_reply are pure and concurrent; names are set while no request uses them
// (control, guarded by the implementation); send starts, `done` runs exactly once on the sink's own thread.
class BulkWriter {
 public:
  virtual ~BulkWriter() = default;
  virtual SinkLimits limits() const = 0;
  // A run starts: learns the names behind the plan's IndexIds (copied; the plan may die) and forgets every generation
  // set before. Call it before set_generation, after resume, while nothing is on the wire.
  virtual void begin_run(const Plan& plan) = 0;
  // Tells which concrete index stands behind slot 0 or 1 of this sink's targets; absent = slot unused.
  virtual void set_generation(IndexId index, unsigned slot, std::optional<Generation> generation) = 0;
  // Appends the action line (with its newline) of one document for one slot; deletes have no body line.
  virtual void render_action(const BulkItem& item, unsigned slot, std::string& lines) const = 0;
  // Sends; resends itself nothing. request.attempt > 0 waits a backoff first (its own timers; capped, with jitter).
  virtual void send(BulkRequest request, std::function<void(BulkReply)> done) = 0;
  // One outcome per request item; a document with two action lines gets the worse of its two results.
  virtual BulkOutcome read_reply(const BulkReply& reply) const = 0;
  // Makes everything written so far to these indexes searchable; fire and forget, failures are logged.
  virtual void refresh(const std::vector<IndexId>& indexes) = 0;
  // Ends all waits: requests not yet on the wire answer at once with http.cancelled (not applied). `idle` then tells
  // when the last request on the wire has been answered or has timed out.
  virtual void cancel_pending() = 0;
  virtual bool wait_idle(Millis at_most) = 0;
  // After cancel_pending: accept requests again (a new run begins).
  virtual void resume() = 0;
};

struct IndexState {
  Generation active;    // what {name}_{hash} points at, or will at first promote; 0 = nothing yet
  bool seeded = false;  // the active generation is complete
  // A newer generation under construction (durable), beside a seeded active one. A first generation under construction
  // is `active` itself, with seeded = false.
  std::optional<Generation> staged;
  std::string uuid;  // of the active concrete index
};

// Control plane. Thread: control only; every call blocks, retries nothing and is idempotent.
// Names: {prefix}{name}_{hash}_{generation} behind aliases {prefix}{name}_{hash} and {prefix}{name};
// {prefix}flusso_meta.
class IndexAdmin {
 public:
  virtual ~IndexAdmin() = default;
  // Reaches the cluster and makes sure that flusso_meta exists.
  virtual Status connect() = 0;
  // Reads the state of an index from meta and cluster; creates nothing.
  virtual Result<IndexState> state(const IndexPlan& plan) = 0;
  // Creates the next generation (never reusing a number) as the one under construction: strict mapping, no refresh;
  // records it in meta; aliases point at it at once where nobody holds them.
  virtual Result<Generation> stage(const IndexPlan& plan) = 0;
  // Lets an existing generation hold the row tokens of a plan that traces tables (model/row_token.h).
  virtual Status accept_tokens(const IndexPlan& plan, Generation generation) = 0;
  // Finishes a generation: refresh, settings, aliases moved in one call, marked seeded in meta.
  virtual Status promote(const IndexPlan& plan, Generation generation) = 0;
  // Deletes every other generation of this hash; only when no write can reach them any more.
  virtual Status retire_others(const IndexPlan& plan, Generation keep) = 0;
  // True when that concrete index exists.
  virtual Result<bool> exists(const IndexPlan& plan, Generation generation) = 0;
  // JSON documents in flusso_meta (source record, chunk ledger); absent = nothing.
  virtual Result<std::optional<std::string>> load(const std::string& id) = 0;
  virtual Status save(const std::string& id, const std::string& json) = 0;
  virtual Status remove(const std::string& id) = 0;
  // Start fence (design 6-a): how many bulk tasks on our indexes are still running in the cluster.
  virtual Result<std::size_t> running_bulks() = 0;
  // {prefix}{name}_{hash}
  virtual std::string hash_alias(const IndexPlan& plan) const = 0;
};

// One configured sink. admin, records and tokens are null for stdout. `records` may refer to `admin`.
struct SinkBackend {
  std::string name;
  std::unique_ptr<BulkWriter> writer;
  std::unique_ptr<IndexAdmin> admin;
  std::unique_ptr<SyncRecords> records;
  std::unique_ptr<TokenSearch> tokens;
};

}  // namespace flusso
