#pragma once
// Which of the configured indexes can run now. Each is judged by itself, so that a column that somebody dropped pauses
// the indexes that use it and no other. Thread: control; blocks.

#include <string>
#include <vector>

#include "model/plan.h"
#include "model/ports/source.h"
#include "model/result.h"

namespace flusso::pipeline {

// An index that is left out of a run: its documents are not kept until the catalog allows it again.
struct PausedIndex {
  IndexPlan index;
  Error why;  // what is missing and how to mend it
};

struct Roster {
  Plan plan;  // of those that can run
  std::vector<PausedIndex> paused;
};

// `indexes`: without their tables filled in. Errors: what concerns all of them, e.g. the source cannot be reached.
Result<Roster> call_roster(std::vector<IndexPlan> indexes, SourceAdmin& source);

// Says of each what is missing.
void say_paused(const std::vector<PausedIndex>& paused);

// What is wrong with all of them, each thing once.
Error reasons(const std::vector<PausedIndex>& paused);

}  // namespace flusso::pipeline
