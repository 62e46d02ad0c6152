#include "pipeline/catalog_guard.h"

#include <fmt/format.h>

#include <utility>

#include "model/clock.h"
#include "model/log.h"
#include "model/thread_name.h"
#include "pipeline/guarded.h"
#include "pipeline/pause.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kCatalogLog{"catalog"};

}  // namespace

CatalogGuard::CatalogGuard(const Prepared& prepared, SourceAdmin& source, Backends& backends, const Options& options,
                           RunState& run, Mailbox& mail)
    : prepared_(prepared), options_(options), run_(run), mail_(mail), known_(prepared.catalog) {
  if (known_) watch_ = source.catalog_watch();
  if (!prepared.paused.empty()) source_ = backends.source_admin();
  if (!watch_ && !source_) return;
  reminded_ = steady_now();
  thread_ = std::jthread([this](const std::stop_token& stop) {
    name_this_thread("catalog guard");
    guarded(run_, "catalog", [&] {
      while (pause(stop, options_.catalog_interval) && !run_.stopping()) {
        if (watch_) compare(*watch_);
        if (source_ && !stop.stop_requested()) try_paused();
        remind(steady_now());
      }
    });
  });
}

void CatalogGuard::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void CatalogGuard::compare(CatalogWatch& watch) {
  auto now = watch.look(prepared_.tables);
  if (!now) {
    kCatalogLog.debug("the catalog cannot be read now", kv("reason", now.error().what));
    return;
  }
  if (*now == *known_) return;
  for (const IndexPlan& index : prepared_.plan.indexes) {
    const auto why = debt_of(index, prepared_.plan, *known_, *now);
    if (!why) continue;
    kCatalogLog.error("the catalog changed in a way that no row change tells; the index is built anew",
                      kv("index", index.name), kv("why", *why));
    run_.fail(Error{ErrorKind::transient, "source.catalog_changed",
                    fmt::format("index {} may lack changes: {}", index.name, *why)});
    return;
  }
  known_ = *now;
  mail_.put([&](Mail& mail) { mail.catalog = std::move(*now); });
}

void CatalogGuard::try_paused() {
  for (const PausedIndex& paused : prepared_.paused) {
    const auto roster = call_roster({paused.index}, *source_);
    if (!roster || roster->plan.indexes.empty()) continue;
    run_.fail(Error{ErrorKind::transient, "source.index_usable",
                    fmt::format("index {} can be kept again", paused.index.name)});
    return;
  }
}

void CatalogGuard::remind(SteadyTime now) {
  if (now - reminded_ < options_.reminder_interval) return;
  reminded_ = now;
  say_paused(prepared_.paused);
}

}  // namespace flusso::pipeline
