#include "io/opensearch/os_bulk_writer.h"

#include <fmt/format.h>

#include <bit>
#include <utility>

#include "io/opensearch/bulk_wire.h"
#include "io/opensearch/refresher.h"
#include "io/opensearch/reply_reader.h"

namespace flusso::opensearch {
namespace {

constexpr std::uint32_t kMappingRaceAttempts = 5;

unsigned action_count(const BulkItem& item, SinkId sink) {
  return static_cast<unsigned>(std::popcount(item.targets.only(sink).bits));
}

// What a failed request means for each of its documents, for callers that do not look at the failure itself.
OutcomeKind kind_of(const BulkReply& reply) {
  if (reply.maybe_applied) return OutcomeKind::in_doubt;
  const Error& error = *reply.failure;
  const bool about_the_body = error.code == "http.413" || error.code == "http.400";
  if (about_the_body) return reply.request.items.size() == 1 ? OutcomeKind::rejected : OutcomeKind::retry;
  return error.kind == ErrorKind::permanent ? OutcomeKind::refused : OutcomeKind::retry;
}

std::string bulk_target(const std::string& pipeline) {
  std::string target = "/_bulk?filter_path=errors,items.*.status,items.*.error";
  if (!pipeline.empty()) target += "&pipeline=" + http::percent_encode(pipeline);
  return target;
}

}  // namespace

OsBulkWriter::OsBulkWriter(std::shared_ptr<http::Loop> loop, http::Endpoint endpoint, BulkWriterOptions options,
                           std::shared_ptr<OutageLog> outage)
    : options_(std::move(options)),
      lines_(options_.prefix),
      loop_(std::move(loop)),
      wire_(std::make_shared<Wire>(*loop_, endpoint, bulk_target(options_.pipeline), options_.limits.requests_in_flight,
                                   options_.backoff, outage)),
      refresher_(std::make_shared<Refresher>(*loop_, endpoint, options_.sink)) {}

OsBulkWriter::~OsBulkWriter() {
  wire_->close();
  refresher_->close();
}

SinkLimits OsBulkWriter::limits() const { return options_.limits; }
void OsBulkWriter::begin_run(const Plan& plan) { lines_.begin_run(plan); }
void OsBulkWriter::set_generation(IndexId index, unsigned slot, std::optional<Generation> generation) {
  lines_.set(index, slot, generation);
}
void OsBulkWriter::render_action(const BulkItem& item, unsigned slot, std::string& lines) const {
  lines_.append(item, slot, lines);
}
void OsBulkWriter::send(BulkRequest request, std::function<void(BulkReply)> done) {
  wire_->send(std::move(request), std::move(done));
}
void OsBulkWriter::refresh(const std::vector<IndexId>& indexes) {
  refresher_->refresh(lines_.concrete_indexes(indexes));
}
void OsBulkWriter::cancel_pending() { wire_->cancel_pending(); }
bool OsBulkWriter::wait_idle(Millis at_most) { return wire_->wait_idle(at_most); }
void OsBulkWriter::resume() { wire_->resume(); }

BulkOutcome OsBulkWriter::read_reply(const BulkReply& reply) const {
  const BulkRequest& request = reply.request;
  if (reply.failure)
    return BulkOutcome{std::vector<Outcome>(request.items.size(), Outcome{kind_of(reply), reply.failure->what})};
  std::vector<unsigned> actions;
  actions.reserve(request.items.size());
  for (const BulkItem& item : request.items) actions.push_back(action_count(item, request.sink));
  BulkOutcome outcome = read_bulk_reply(reply.body, reply.body.capacity(), actions);
  if (request.attempt < kMappingRaceAttempts)
    for (Outcome& item : outcome.items)
      if (item.kind == OutcomeKind::rejected && is_mapping_race(item.reason)) item.kind = OutcomeKind::retry;
  return outcome;
}

std::optional<WholeFailure> whole_failure(const http::Reply& reply) {
  if (!reply.complete()) {
    const ErrorKind kind = reply.failure == http::Failure::cancelled ? ErrorKind::cancelled
                           : reply.failure == http::Failure::tls || reply.failure == http::Failure::invalid
                               ? ErrorKind::permanent
                               : ErrorKind::transient;
    return WholeFailure{Error{kind, fmt::format("http.{}", http::to_text(reply.failure)), reply.reason},
                        reply.maybe_applied};
  }
  if (reply.status >= 200 && reply.status < 300) return std::nullopt;
  const std::string reason = error_reason(reply.body);
  const bool not_applied = reply.status < 500 || reply.status == 503;
  const bool passes = reply.status == 429 || reply.status >= 500 || is_cluster_block(reason);
  return WholeFailure{Error{passes ? ErrorKind::transient : ErrorKind::permanent, fmt::format("http.{}", reply.status),
                            fmt::format("the bulk request was answered {}: {}", reply.status, reason)},
                      !not_applied};
}

}  // namespace flusso::opensearch
