#pragma once
// The payloads that the ports speak. All are movable; documents are carried as slabs (one buffer for many documents)
// that free their byte lease when the last holder lets go.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/budget.h"
#include "model/ids.h"
#include "model/result.h"
#include "model/value_losses.h"

namespace flusso {

// One append-only buffer of keys and final JSON texts plus the leases for its bytes and, while seeding, for the number
// of its documents.
// Never appended to once it has been handed on.
struct Slab {
  std::string bytes;
  Lease lease;
  Lease documents;
};

// A document to be built: its key text (model/row_key.h) and where it goes.
struct BuildItem {
  std::string key;
  Targets targets;
};

// Documents of one index to read in one statement.
struct BuildBatch {
  IndexId index;
  std::vector<BuildItem> items;
};

// One document in a slab. A tombstone (delete) has no body.
struct DocRow {
  std::uint32_t key_offset = 0;
  std::uint32_t key_length = 0;
  std::uint32_t body_offset = 0;
  std::uint32_t body_length = 0;    // 0 = tombstone
  std::uint32_t hidden_length = 0;  // bytes at the body's end, before its last brace, that are not the document's own
  Targets targets;
};

// The document without its hidden member (model/row_token.h).
std::string visible_document(std::string_view body, std::uint32_t hidden_length);

// A document that could not be built and never will be from this row: the failure policy decides.
struct DocFailure {
  std::string key;
  Targets targets;
  Error error;
};

struct DocBatch {
  IndexId index;
  std::shared_ptr<const Slab> slab;
  std::vector<DocRow> rows;
  std::vector<DocFailure> failures;
  std::vector<ValueLoss> losses;  // of these documents; nearly always empty

  std::string_view key(const DocRow& row) const {
    return std::string_view(slab->bytes).substr(row.key_offset, row.key_length);
  }
  std::string_view body(const DocRow& row) const {
    return std::string_view(slab->bytes).substr(row.body_offset, row.body_length);
  }
};

// Values from which document keys are to be found: per path the distinct starting values of a batch of changes.
// A value is a key text (composite parts joined as in model/row_key.h).
struct LookupPlan {
  struct Start {
    PathId path;
    std::vector<std::string> values;
  };
  GroupSeq seq;
  std::vector<Start> starts;
  bool empty() const { return starts.empty(); }
};

// One document in a bulk request; `actions` counts its action lines (one per generation addressed).
struct BulkItem {
  IndexId index;
  Targets targets;
  std::string_view key;   // in one of the request's slabs
  std::string_view body;  // empty = delete
  std::uint32_t hidden_length = 0;
};

// A bulk request for one sink. The body on the wire is the concatenation of `segments`; they point into `actions` and
// into the slabs, so nothing is copied to build it.
struct BulkRequest {
  SinkId sink;
  std::vector<BulkItem> items;
  std::vector<std::shared_ptr<const Slab>> slabs;
  std::unique_ptr<std::string> actions;  // rendered action lines and newlines
  std::vector<std::string_view> segments;
  std::uint64_t bytes = 0;    // sum of the segments
  std::uint32_t attempt = 0;  // resends so far; the writer waits its backoff before an attempt > 0
  // Counts against the sink's requests in flight; false for the second part of one that was cut.
  bool holds_slot = true;
  // The one document of this request for its other generation: both together were too large. Sent when this is done.
  std::optional<BulkItem> other_generation;
};

// What came back for a bulk request.
struct BulkReply {
  BulkRequest request;
  std::optional<Error>
      failure;  // set: no usable answer; code "http.<status>" or "http.timeout", "http.connect", "http.reset"
  bool maybe_applied = false;  // with a failure: the server may have applied some of it, now or later
  int http_status = 0;
  std::string body;
};

enum class OutcomeKind : std::uint8_t {
  applied,   // durable in the sink
  rejected,  // the sink refuses this very document: the index's failure policy decides
  retry,     // not applied, may be sent again unchanged (429, 503)
  in_doubt,  // unknown, may still be applied later: must be rebuilt, never resent
  gone,      // the generation addressed no longer exists: done when it was retired, else an alarm
  refused,   // the sink refuses everything for now (block, auth): wait and send again
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::applied;
  std::string reason;  // for people; empty when applied
};

// One outcome per BulkRequest item, in order.
struct BulkOutcome {
  std::vector<Outcome> items;
};

}  // namespace flusso
