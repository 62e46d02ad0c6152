#include "stages/settle.h"

#include <fmt/format.h>

#include <utility>

#include "model/check.h"
#include "model/row_key.h"

namespace flusso::stages {
namespace {

CompletedDoc completed(const BulkItem& item, OutcomeKind outcome) {
  return {item.index, item.targets, item.key, outcome};
}

void reject(const BulkItem& item, const std::string& reason, const Plan& plan, SettleOut& out) {
  const IndexPlan& index = plan.indexes[item.index.value];
  if (index.on_error == FailurePolicy::skip) {
    out.quarantined.push_back(Quarantined{item.index, std::string(item.key), reason});
    out.completion.docs.push_back(completed(item, OutcomeKind::rejected));
    return;
  }
  if (out.fatal) return;
  out.fatal =
      Error{ErrorKind::permanent, "sink.rejected",
            fmt::format(
                "the sink rejected document {} of index {}: {}; mend the row or the schema, or set on_error = \"skip\" "
                "to leave such documents out",
                document_id(item.key), index.name, reason)};
}

// The items from `begin` to `end` as a request of their own.
BulkRequest part(const BulkRequest& request, std::size_t begin, std::size_t end, const RenderAction& render) {
  const auto first = request.items.begin();
  BulkRequest piece = make_request(
      request.sink,
      std::vector<BulkItem>(first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end)),
      request.slabs, render);
  return piece;
}

bool is_too_large_or_malformed(const Error& failure) {
  return failure.code == "http.413" || failure.code == "http.400";
}

bool has_two_generations(const BulkRequest& request) {
  const BulkItem& item = request.items.front();
  return item.targets.has(request.sink, 0) && item.targets.has(request.sink, 1);
}

// The request's one document for its first generation, to be followed by the other one: a document is done when both
// are, and it has one attempt at a time.
BulkRequest one_generation_first(const BulkRequest& request, const RenderAction& render) {
  BulkItem first = request.items.front();
  BulkItem second = first;
  first.targets = first.targets & Targets::of(request.sink, 0);
  second.targets = second.targets & Targets::of(request.sink, 1);
  BulkRequest half = make_request(request.sink, {first}, request.slabs, render);
  half.other_generation = second;
  return half;
}

void settle_failure(BulkReply& reply, const Plan& plan, const RenderAction& render, SettleOut& out) {
  BulkRequest& request = reply.request;
  if (reply.maybe_applied) {
    for (const BulkItem& item : request.items) out.completion.docs.push_back(completed(item, OutcomeKind::in_doubt));
  } else if (is_too_large_or_malformed(*reply.failure)) {
    if (request.items.size() == 1 && has_two_generations(request)) {
      out.again.push_back(one_generation_first(request, render));
      return;
    }
    if (request.items.size() == 1) {
      reject(request.items.front(), reply.failure->what, plan, out);
    } else {
      const std::size_t half = request.items.size() / 2;
      out.again.push_back(part(request, 0, half, render));
      out.again.push_back(part(request, half, request.items.size(), render));
      return;
    }
  } else if (reply.failure->kind == ErrorKind::transient) {
    ++request.attempt;
    out.again.push_back(std::move(request));
    return;
  } else if (!out.fatal) {
    out.fatal = *reply.failure;
  }
  out.completion.slabs = std::move(request.slabs);
}

}  // namespace

SettleOut settle(BulkReply reply, const BulkOutcome& outcome, const Plan& plan, const RenderAction& render) {
  SettleOut out;
  out.completion.sink = reply.request.sink;
  if (reply.failure) {
    settle_failure(reply, plan, render, out);
    return out;
  }
  BulkRequest& request = reply.request;
  FLUSSO_CHECK(outcome.items.size() == request.items.size(), "every document of a bulk request has one outcome");
  std::vector<BulkItem> again;
  out.completion.docs.reserve(request.items.size());
  for (std::size_t i = 0; i < request.items.size(); ++i) {
    const BulkItem& item = request.items[i];
    switch (outcome.items[i].kind) {
      case OutcomeKind::applied:
      case OutcomeKind::gone:
        if (request.other_generation) {
          out.again.push_back(make_request(request.sink, {*request.other_generation}, request.slabs, render));
          break;
        }
        [[fallthrough]];
      case OutcomeKind::in_doubt:
        out.completion.docs.push_back(completed(item, outcome.items[i].kind));
        break;
      case OutcomeKind::rejected:
        reject(item, outcome.items[i].reason, plan, out);
        break;
      case OutcomeKind::retry:
      case OutcomeKind::refused:
        again.push_back(item);
        break;
    }
  }
  if (!again.empty()) {
    out.again.push_back(make_request(request.sink, std::move(again), request.slabs, render));
    out.again.back().attempt = request.attempt + 1;
    out.again.back().other_generation = request.other_generation;
  }
  out.completion.slabs = std::move(request.slabs);
  return out;
}

}  // namespace flusso::stages
