#include "model/result.h"

namespace flusso {

std::string_view to_text(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::transient:
      return "transient";
    case ErrorKind::permanent:
      return "permanent";
    case ErrorKind::config:
      return "config";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::bug:
      return "bug";
  }
  return "unknown";
}

}  // namespace flusso
