#include "cli/commands/run.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "cli/backends.h"
#include "cli/commands/run_options.h"
#include "cli/index_plans.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/surfaces.h"
#include "model/config/overrides.h"
#include "model/log.h"
#include "pipeline/supervisor.h"

namespace flusso::cli {
namespace {

constexpr Logger kRunLog{"flusso"};

// Ends the process without destructors, which would wait for the sinks.
[[noreturn]] void leave_now(const Error& error) {
  print_error(error);
  std::fflush(nullptr);
  std::_Exit(1);
}

std::map<std::string, IndexPhase> states_of(const Config& config) {
  std::map<std::string, IndexPhase> states;
  for (const IndexConfig& index : config.indexes)
    states.emplace(index.name, index.enabled ? IndexPhase::unknown : IndexPhase::disabled);
  return states;
}

Status run(const RunOptions& given) {
  FLUSSO_TRY_ASSIGN(const ObtainedConfig obtained, obtain_config(given.source));
  const Config& config = obtained.config;
  FLUSSO_TRY_ASSIGN(const std::string prefix, resolve_prefix(config.prefix, given.index_prefix));
  std::vector<IndexPlan> indexes = enabled_index_plans(config);
  if (indexes.empty())
    return fail(ErrorKind::config, "config.no_index",
                "no index is enabled in " + obtained.origin + "; add an [[index]] entry with enabled = true");

  // Before anything is made, and gone last: health is answered from here on.
  pipeline::LiveStatus status;
  status.set_indexes(states_of(config));
  FLUSSO_TRY_ASSIGN(const auto surface, open_public_surface(public_address(given.public_address, config.server), [&] {
                      StatusReport report = status.report();
                      report.version = FLUSSO_VERSION;
                      return report;
                    }));

  std::stop_source abort;
  BackendOptions chosen;
  chosen.slot = given.slot;
  chosen.publication = given.publication;
  chosen.manage_publication = given.manage_publication.value_or(config.source.manage_publication);
  chosen.spill_dir = given.spill_dir.value_or(config.source.spill_dir);
  chosen.pretty = given.pretty;
  chosen.prefix = prefix;
  chosen.stop = abort.get_token();
  FLUSSO_TRY_ASSIGN(const auto backends, ProcessBackends::make(config, chosen));

  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  pipeline::Options options;
  options.slot = given.slot;
  options.workers = given.workers != 0 ? given.workers : std::min(4U, cores);
  options.parallelism = std::max(2U, std::min(cores, 8U));
  // Enough for every request in flight and as many again that are being filled.
  for (const SinkBackend& sink : backends->sinks()) {
    const SinkLimits limits = sink.writer->limits();
    options.seed_documents =
        std::max(options.seed_documents, 2 * std::uint64_t{limits.requests_in_flight} * limits.max_documents);
  }
  options.on_slot_lost = given.on_slot_lost.value_or(config.source.on_slot_lost);
  options.wal_warning_bytes = std::uint64_t{config.source.wal_warning_mib} << 20U;
  options.slot_look_interval = std::min(options.slot_look_interval, Millis(std::int64_t{given.lag_poll_secs} * 1000));
  options.heartbeat = Millis(std::int64_t{config.source.heartbeat_secs} * 1000);
  options.skip_backfill = given.skip_backfill;
  options.backfill_only = given.backfill_only;

  pipeline::Supervisor supervisor(std::move(indexes), *backends, options, status);
  const SignalThread signals(
      [&] {
        kRunLog.info("stopping: finishing and confirming what has been read; a second signal stops at once");
        supervisor.request_drain();
      },
      [&] {
        kRunLog.warn("stopping at once; what is not confirmed is repeated at the next start");
        supervisor.request_abort();
        abort.request_stop();
      });
  const Progress progress(status);
  const Status done = supervisor.run();
  if (!done) {
    // Asked to leave before everything was written: replies to requests on the wire are not waited for.
    if (abort.stop_requested() || done.error().code == "run.drain_deadline") leave_now(done.error());
    return done;
  }
  kRunLog.info("stopped", kv("confirmed", status.confirmed()),
               kv("documents_written", status.documents_written.load()));
  if (given.backfill_only)
    kRunLog.info(
        "the replication slot stays and keeps WAL from being removed: go on with `flusso run`, or drop the slot",
        kv("slot", given.slot), kv("drop", "SELECT pg_drop_replication_slot('" + given.slot + "')"));
  return {};
}

}  // namespace

Command add_run(CLI::App& app) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Seed what is unseeded and follow live changes until stopped");
  add_run_flags(*command, *options);
  return {command, [options] { return exit_code(run(*options)); }};
}

}  // namespace flusso::cli
