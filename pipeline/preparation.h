#pragma once
// Everything that must be known and in place before a run reads its first change: the compiled plan, publication and
// slot, which generation of each index each sink keeps, what has to be seeded, and that no write of an earlier run is
// still on its way (the start fence, design 6-a). Each step is idempotent; a crash anywhere is continued by the next
// start. Thread: control; blocks, and ends early on stop.

#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "model/plan.h"
#include "model/ports/backends.h"
#include "pipeline/options.h"
#include "pipeline/roster.h"

namespace flusso::pipeline {

// One index in one sink.
struct KeptIndex {
  std::optional<Generation> serving;   // complete, in slot 0
  std::optional<Generation> building;  // under construction: slot 1 beside a serving one, else slot 0
  Targets targets;                     // all bits of this sink in use for the index
  Targets seeding;                     // the bits under construction
  std::optional<SeedRecord> resume;    // a seed that was begun, to be continued
};

struct Prepared {
  Plan plan;
  std::vector<PausedIndex> paused;      // configured, but not in the plan
  std::vector<TableRef> tables;         // of all that are configured
  std::optional<CatalogState> catalog;  // from before the plan was compiled, as saved in the sinks
  SourceState source;
  std::vector<std::vector<KeptIndex>> kept;  // [sink][index]
  std::vector<SourceRecord> records;         // [sink]; what that sink now remembers (unused for stdout)
  // The stream begins before its end and must show it again, else history was rewritten.
  std::optional<CommitMark> expected_commit;
};

using SeededNames = std::set<std::string>;

// Errors name the thing and the cure. `indexes`: the enabled ones, without their tables filled in.
// `stdout_seeded`: names of indexes of which this process has already sent everything to sinks that remember nothing.
// `known_gap`: why an earlier run of this process found that changes may be missing.
// What is wrong with one index pauses that one; it is an error only when no index can run and none was followed before.
Result<Prepared> prepare(std::vector<IndexPlan> indexes, Backends& backends, SourceAdmin& source,
                         const Options& options, const SeededNames& stdout_seeded,
                         const std::optional<std::string>& known_gap, std::stop_token stop);

}  // namespace flusso::pipeline
