#include "pipeline/graph_lanes.h"

#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "pipeline/build_failures.h"
#include "pipeline/guarded.h"
#include "pipeline/loss_report.h"
#include "pipeline/read_lane.h"

namespace flusso::pipeline {

LanePool<ResolveJob>::Worker resolve_worker(const GraphContext& context) {
  auto resolver = std::shared_ptr<RowResolver>(context.backends.resolver(context.plan));
  return [&context, resolver](ResolveJob job, std::stop_token stop) {
    guarded(context.run, "resolve", [&] {
      std::uint32_t pages = 0;
      const auto emit = [&](IndexId index, std::vector<std::string> keys) -> Status {
        auto lease = context.budgets.ids.acquire(keys.size(), Urgency::live, stop);
        if (!lease) return flusso::fail(ErrorKind::cancelled, "resolve.cancelled", "stopped");
        ++pages;
        job.hold.put(LedgerMsg(
            stages::LedgerEvent(stages::KeyPage{job.plan.seq, index, std::move(keys), std::move(*lease), {}})));
        return {};
      };
      ReadAttempts attempts("finding the documents of changed rows", context.run);
      Status done = resolver->resolve(job.plan, context.options.page_keys, emit, stop);
      while (!done && attempts.again(done.error(), stop))
        done = resolver->resolve(job.plan, context.options.page_keys, emit, stop);
      if (!done) return;
      stages::KeyPage last;
      last.seq = job.plan.seq;
      last.pages_of_part = pages + 1;
      job.hold.put(LedgerMsg(stages::LedgerEvent(std::move(last))));
    });
  };
}

LanePool<BuildJob>::Worker build_worker(const GraphContext& context, std::function<void(stages::LedgerEvent)> post) {
  auto source = std::shared_ptr<DocumentSource>(context.backends.documents(context.plan));
  return [&context, source, post = std::move(post)](BuildJob job, std::stop_token stop) {
    guarded(context.run, "build", [&] {
      // Keys that have been handed on: a second attempt must not build them again, they are in flight already.
      std::unordered_set<std::string> emitted;
      const auto emit = [&](DocBatch batch) {
        for (const DocRow& row : batch.rows) emitted.emplace(batch.key(row));
        for (const DocFailure& failure : batch.failures) emitted.insert(failure.key);
        report_losses(batch, context.plan, context.status);
        for (DocFailure& failure : leave_out_failures(batch, context.plan, context.status, context.run))
          post(stages::BuildFailed{batch.index, failure.targets, std::move(failure.key)});
        if (!batch.rows.empty()) job.hold.put(PackIn{PackIn::Kind::docs, Msg<DocBatch>(std::move(batch)), {}, false});
      };
      ReadAttempts attempts("building documents", context.run);
      while (true) {
        Intake intake(job.batch.index, context.budgets.documents, Intake::Limits{}, emit, stop);
        const Status done = source->read(job.batch, intake, stop);
        if (done) break;
        std::erase_if(job.batch.items, [&](const BuildItem& item) { return emitted.contains(item.key); });
        if (!attempts.again(done.error(), stop)) return;
      }
      post(stages::BuildFinished{});
    });
  };
}

}  // namespace flusso::pipeline
