#pragma once
// The factory that the composition root implements: the only way the pipeline meets a concrete source or sink.
// Thread: control for everything but the destructor of what is handed out, which runs on the owner's thread.

#include <memory>
#include <vector>

#include "model/plan.h"
#include "model/ports/change_capture.h"
#include "model/ports/records.h"
#include "model/ports/sink.h"
#include "model/ports/slot_monitor.h"
#include "model/ports/source.h"

namespace flusso {

class Backends {
 public:
  virtual ~Backends() = default;
  virtual std::unique_ptr<SourceAdmin> source_admin() = 0;
  virtual std::unique_ptr<SlotMonitor> slot_monitor() = 0;
  virtual std::unique_ptr<ChangeCapture> capture(const Plan& plan) = 0;
  virtual std::unique_ptr<Visibility> visibility() = 0;
  // One instance per lane each; the plan outlives them.
  virtual std::unique_ptr<RowResolver> resolver(const Plan& plan, Patience patience) = 0;
  virtual std::unique_ptr<DocumentSource> documents(const Plan& plan) = 0;
  virtual std::unique_ptr<SnapshotScan> scan(const Plan& plan) = 0;
  // Makes sure that no other process writes with our slot; takes the lock again when it was lost (design 6-i, one
  // writer). Transient error "pg.locked" while somebody else holds it. Thread: control.
  virtual Status hold_exclusive() = 0;
  // True when the lock is gone and the run must stop sending at once. Thread: one, not at the same time as
  // hold_exclusive.
  virtual bool exclusive_lost() = 0;
  // In sink-name order; they live as long as the process, across runs.
  virtual std::vector<SinkBackend>& sinks() = 0;
};

}  // namespace flusso
