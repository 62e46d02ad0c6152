#pragma once
// The timelines that led to the server's present one, as TIMELINE_HISTORY tells them. Pure.
//
//   1 \t 0/3000158 \t no recovery target specified
//   parent  left at     reason

#include <string_view>
#include <vector>

#include "model/ports/source.h"
#include "model/result.h"

namespace flusso::pg {

// Errors: permanent pg.timeline_history (a line that is none). Comments and empty lines are passed over.
Result<std::vector<TimelineEnd>> parse_timeline_history(std::string_view text);

}  // namespace flusso::pg
