#pragma once
// Looks at the catalog every few seconds while a run works, for what row changes cannot tell: a difference that makes
// an index lack something ends the run, and the next one finds the same difference against what was saved and builds
// the index anew; a harmless one is handed to control to be saved. A paused index is tried again at every look, and its
// reason is said every minute.
//
// The saved state is the durable debt: while a difference is not answered by a new generation, it is not overwritten.
//
// Thread: one of its own.

#include <memory>
#include <optional>
#include <thread>

#include "model/ports/backends.h"
#include "pipeline/mailbox.h"
#include "pipeline/options.h"
#include "pipeline/preparation.h"
#include "pipeline/run_state.h"

namespace flusso::pipeline {

class CatalogGuard {
 public:
  // The references must outlive the guard.
  CatalogGuard(const Prepared& prepared, SourceAdmin& source, Backends& backends, const Options& options, RunState& run,
               Mailbox& mail);
  // Joins; ends a wait, and a question to the source as soon as that answers.
  void stop();

 private:
  void compare(CatalogWatch& watch);
  void try_paused();
  void remind(SteadyTime now);

  const Prepared& prepared_;
  const Options& options_;
  RunState& run_;
  Mailbox& mail_;
  std::unique_ptr<CatalogWatch> watch_;
  std::unique_ptr<SourceAdmin> source_;  // of its own: the run's belongs to control
  std::optional<CatalogState> known_;
  SteadyTime reminded_{};
  std::jthread thread_;
};

}  // namespace flusso::pipeline
