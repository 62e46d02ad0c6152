#pragma once
// Variables of the process, as model/config/overrides.h wants to look them up.

#include <optional>
#include <string>
#include <string_view>

namespace flusso::cli {

// Nothing when the variable is not set. Thread: any, as long as nobody sets variables.
std::optional<std::string> environment(std::string_view name);

}  // namespace flusso::cli
