#pragma once
// The answer of GET /status: the keys of the manual in their order (manual, "HTTP surfaces"), then ours; described in
// docs/reference/http.md. Pure. Its size is bounded by the configuration: reasons and errors are cut.

#include <string>

#include "model/status_report.h"

namespace flusso::surfaces {

std::string status_json(const StatusReport& report);

}  // namespace flusso::surfaces
