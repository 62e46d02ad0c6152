#include "cli/environment.h"

#include <cstdlib>

namespace flusso::cli {

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

}  // namespace flusso::cli
