#include "model/status_report.h"

namespace flusso {

std::string_view to_text(IndexPhase state) {
  switch (state) {
    case IndexPhase::unknown:
      return "unknown";
    case IndexPhase::pending:
      return "pending";
    case IndexPhase::backfilling:
      return "backfilling";
    case IndexPhase::seeded:
      return "seeded";
    case IndexPhase::paused:
      return "paused";
    case IndexPhase::disabled:
      return "disabled";
  }
  return "unknown";
}

}  // namespace flusso
