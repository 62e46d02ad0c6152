#pragma once
// Is the source's history still the one that a sink has followed (design 6-i)? The sink's record says what it followed
// and up to where a position may have been confirmed; the slot and its server say what they are now. Every difference
// that may have cost changes is a gap: [source] on_slot_lost decides what follows from it.
//
// Thread: control. gap_of is pure.

#include <optional>
#include <string>
#include <vector>

#include "model/ports/backends.h"
#include "pipeline/options.h"

namespace flusso::pipeline {

// What a sink knows of our history, and why every index of it may have missed changes.
struct History {
  std::optional<SourceRecord> record;  // absent: this sink was never fed through a slot of this name
  std::optional<std::string> gap;
};

// The sentence that says what happened, with positions; nothing when the slot goes on where the record ends.
std::optional<std::string> gap_of(const SourceRecord& record, const SourceView& found, const std::string& slot);

// One for each sink, in order; empty for sinks without records. `known_gap`: what an earlier run found out.
// Errors: those of the sinks; permanent source.slot_lost when there is a gap and on_slot_lost is stop.
Result<std::vector<History>> read_histories(Backends& backends, const SourceView& found, const Options& options,
                                            const std::optional<std::string>& known_gap);
// Nobody may have touched the slot between the look and the preparation: the same judgement over what was made.
Status judge_prepared(std::vector<History>& histories, Backends& backends, const SourceState& made,
                      const Options& options);

// The refusal that names what happened and the cure.
Error slot_lost(const std::string& what);

}  // namespace flusso::pipeline
