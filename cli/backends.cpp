#include "cli/backends.h"

#include <utility>

#include "cli/environment.h"
#include "io/opensearch/opensearch_sink.h"
#include "io/opensearch/os_sync_records.h"
#include "io/pg/pg_reads.h"
#include "io/stdout/stdout_sink.h"
#include "model/config/overrides.h"
#include "model/log.h"

namespace flusso::cli {
namespace {

constexpr Logger kBackendsLog{"config"};

Result<SinkBackend> make_sink(const SinkConfig& sink, const BackendOptions& options) {
  if (const auto* stdout_config = std::get_if<StdoutSinkConfig>(&sink.kind))
    return stdout_sink::make_stdout_sink(sink.name, stdout_config->pretty);
  const auto& config = std::get<OpenSearchSinkConfig>(sink.kind);
  FLUSSO_TRY_ASSIGN(ResolvedOpenSearch resolved, resolve_opensearch(sink.name, config, environment));
  for (const std::string& name : resolved.overrides)
    kBackendsLog.info("an environment variable overrides the file", kv("variable", name));
  for (const std::string& warning : resolved.warnings) kBackendsLog.warn(warning);
  opensearch::SinkOptions made;
  made.url = resolved.url;
  if (resolved.username) made.username = resolved.username->reveal();
  made.password = resolved.password;
  made.config = config;
  made.prefix = options.prefix;
  made.slot = options.slot;
  made.stop = options.stop;
  FLUSSO_TRY_ASSIGN(SinkBackend backend, opensearch::make_opensearch_sink(sink.name, std::move(made)));
  backend.records = std::make_unique<opensearch::OsSyncRecords>(*backend.admin);
  return backend;
}

}  // namespace

Result<pg::PgSourceOptions> source_options(const Config& config, const BackendOptions& options) {
  FLUSSO_TRY_ASSIGN(ResolvedSource resolved, resolve_source(config.source, environment));
  for (const std::string& name : resolved.overrides)
    kBackendsLog.info("an environment variable overrides the file", kv("variable", name));
  pg::PgSourceOptions source;
  source.url = resolved.url;
  source.slot = options.slot;
  source.publication = options.publication;
  source.manage_publication = options.manage_publication;
  source.spill_dir = options.spill_dir;
  source.allow_partial_publication = config.source.allow_partial_publication;
  source.manage_replica_identity = config.source.manage_replica_identity;
  source.stop = options.stop;
  return source;
}

Result<std::unique_ptr<ProcessBackends>> ProcessBackends::make(const Config& config, const BackendOptions& options) {
  std::unique_ptr<ProcessBackends> backends(new ProcessBackends());
  FLUSSO_TRY_ASSIGN(backends->source_, source_options(config, options));
  if (config.sinks.empty()) {
    kBackendsLog.info("no sink is configured; documents go to stdout");
    FLUSSO_TRY_ASSIGN(SinkBackend sink, stdout_sink::make_stdout_sink("stdout", options.pretty));
    backends->sinks_.push_back(std::move(sink));
  }
  if (config.sinks.size() > kMaxSinks)
    return fail(ErrorKind::config, "config.too_many_sinks",
                fmt::format("{} sinks are configured; at most {} are possible", config.sinks.size(), kMaxSinks));
  for (const SinkConfig& sink : config.sinks) {
    FLUSSO_TRY_ASSIGN(SinkBackend backend, make_sink(sink, options));
    backends->sinks_.push_back(std::move(backend));
  }
  return backends;
}

std::unique_ptr<SourceAdmin> ProcessBackends::source_admin() { return pg::make_source_admin(source_); }
std::unique_ptr<SlotMonitor> ProcessBackends::slot_monitor() { return pg::make_slot_monitor(source_); }
std::unique_ptr<ChangeCapture> ProcessBackends::capture(const Plan& plan) { return pg::make_capture(source_, plan); }
std::unique_ptr<Visibility> ProcessBackends::visibility() { return pg::make_visibility(source_); }
std::unique_ptr<RowResolver> ProcessBackends::resolver(const Plan& plan, Patience patience) {
  return pg::make_resolver(source_, plan, patience);
}
std::unique_ptr<DocumentSource> ProcessBackends::documents(const Plan& plan) {
  return pg::make_document_source(source_, plan);
}
std::unique_ptr<SnapshotScan> ProcessBackends::scan(const Plan& plan) { return pg::make_scan(source_, plan); }

Status ProcessBackends::hold_exclusive() {
  if (leads_ && !lock_->lost()) return {};
  // A session that may have lost the lock is never asked again; one that has only asked for it is.
  if (leads_ || (lock_ && !lock_->usable())) lock_.reset();
  leads_ = false;
  if (!lock_) {
    FLUSSO_TRY_ASSIGN(pg::WriterLock lock, pg::WriterLock::open(source_.url, source_.slot, source_.stop));
    lock_.emplace(std::move(lock));
  }
  if (Status taken = lock_->take(); !taken) {
    // While another flusso leads, the same session asks again. Anything else may be about this very server.
    if (taken.error().code != "pg.locked") lock_.reset();
    return taken;
  }
  leads_ = true;
  return {};
}

bool ProcessBackends::exclusive_lost() { return !leads_ || lock_->lost(); }

}  // namespace flusso::cli
