#pragma once
// The one place that knows Postgres and OpenSearch together: makes every port of the pipeline from resolved
// configuration.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "io/pg/pg_source.h"
#include "io/pg/writer_lock.h"
#include "model/config/config.h"
#include "model/ports/backends.h"

namespace flusso::cli {

struct BackendOptions {
  std::string slot;
  std::string publication;
  bool manage_publication = true;
  std::string spill_dir;  // empty = the system's temporary folder
  bool pretty = false;    // of the stdout sink that stands in when none is configured
  std::string prefix;
  std::stop_token stop;  // ends every wait
};

class ProcessBackends final : public Backends {
 public:
  // Resolves secrets from the environment and builds the sinks; contacts nobody. Logs reserved overrides by name.
  static Result<std::unique_ptr<ProcessBackends>> make(const Config& config, const BackendOptions& options);

  std::unique_ptr<SourceAdmin> source_admin() override;
  std::unique_ptr<SlotMonitor> slot_monitor() override;
  std::unique_ptr<ChangeCapture> capture(const Plan& plan) override;
  std::unique_ptr<Visibility> visibility() override;
  std::unique_ptr<RowResolver> resolver(const Plan& plan, Patience patience) override;
  std::unique_ptr<DocumentSource> documents(const Plan& plan) override;
  std::unique_ptr<SnapshotScan> scan(const Plan& plan) override;
  std::vector<SinkBackend>& sinks() override { return sinks_; }
  Status hold_exclusive() override;
  bool exclusive_lost() override;

 private:
  ProcessBackends() = default;
  pg::PgSourceOptions source_;
  std::vector<SinkBackend> sinks_;
  std::optional<pg::WriterLock> lock_;
  bool leads_ = false;  // the lock is held, as far as we know
};

// Connection options of the source alone, for commands that read no sink.
Result<pg::PgSourceOptions> source_options(const Config& config, const BackendOptions& options);

}  // namespace flusso::cli
