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

namespace {

constexpr Logger kLanesLog{"build"};

}  // namespace

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
        context.status.documents_built += batch.rows.size();
        if (!batch.rows.empty()) job.hold.put(PackIn{PackIn::Kind::docs, Msg<DocBatch>(std::move(batch)), {}, false});
      };
      // A single document whose statement takes too long: as one that cannot be built.
      const auto give_up = [&](const BuildBatch& alone, const Error& error) {
        DocBatch batch;
        batch.index = alone.index;
        batch.failures.push_back(DocFailure{alone.items.front().key, alone.items.front().targets, error});
        for (DocFailure& failure : leave_out_failures(batch, context.plan, context.status, context.run))
          post(stages::BuildFailed{batch.index, failure.targets, std::move(failure.key)});
      };
      ReadAttempts attempts("building documents", context.run);
      const IndexId index = job.batch.index;
      while (true) {
        Intake intake(job.batch.index, context.budgets.documents, Intake::Limits{}, emit, stop);
        const Status done = source->read(job.batch, intake, stop);
        if (done) break;
        std::erase_if(job.batch.items, [&](const BuildItem& item) { return emitted.contains(item.key); });
        if (is_lock_or_timeout(done.error()) && !job.batch.items.empty()) {
          if (is_too_slow(done.error()) && job.batch.items.size() == 1) {
            give_up(job.batch, done.error());
            break;
          }
          kLanesLog.warn("documents are built later", kv("index", context.plan.indexes[index.value].name),
                         kv("documents", job.batch.items.size()), kv("reason", done.error().what));
          post(stages::BuildDeferred{index, std::move(job.batch.items), is_too_slow(done.error())});
          return;
        }
        if (!attempts.again(done.error(), stop)) return;
      }
      post(stages::BuildFinished{index});
    });
  };
}

}  // namespace flusso::pipeline
