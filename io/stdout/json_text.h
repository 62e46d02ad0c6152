#pragma once
// Two things about JSON text that need no parser: how many keys the outermost object has, and the same text indented.
// Numbers and strings are passed through as they stand. The text is expected to be valid JSON; anything else gives some
// output, never an overrun. Thread: any; pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flusso::stdout_sink {

// Keys of the outermost object; nothing when the text is not an object.
std::optional<std::uint64_t> count_fields(std::string_view json);

// Two blanks per level, "key": value, empty objects and arrays on one line; no newline at the end.
void append_indented(std::string& out, std::string_view json);

}  // namespace flusso::stdout_sink
