#pragma once
// A sink that writes every operation to standard output as one JSON envelope, at once, for development and pipes.
// It knows no generations, keeps nothing between runs and never rejects; when its reader goes away every request fails
// with stdout.closed. There is no control plane.
// Thread: as in model/ports/sink.h; `done` runs on the sink's own thread, which is the only one that writes.

#include <string>

#include "model/ports/sink.h"

namespace flusso::stdout_sink {

// `pretty`: indented over several lines instead of one line per operation. `fd` is not closed.
Result<SinkBackend> make_stdout_sink(const std::string& name, bool pretty, int fd = 1);

}  // namespace flusso::stdout_sink
