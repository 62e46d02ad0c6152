#pragma once
// toml++ builds one table per part of a dotted key and takes them down recursively, without a limit of its own: 200
// kilobytes of dots end the process. So a text's nesting is measured before the parser sees it.

#include <optional>
#include <string_view>

namespace flusso::config {

// The first line on which tables, dotted keys, arrays and inline tables nest deeper than kMaxDepth (tree.h). Never less
// than what the parser would build; of text that is no TOML it may be more. Thread: any; pure, linear.
std::optional<int> too_deep_line(std::string_view text);

}  // namespace flusso::config
