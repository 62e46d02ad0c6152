#include "io/pg/timeline.h"

#include <charconv>
#include <string>

namespace flusso::pg {
namespace {

constexpr std::string_view kBlanks = " \t\r";

// The next word of the line, taken off its front.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

Result<std::vector<TimelineEnd>> parse_timeline_history(std::string_view text) {
  std::vector<TimelineEnd> ends;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view number = take_word(line);
    if (number.empty() || number.front() == '#') continue;
    TimelineEnd end;
    const auto [last, error] = std::from_chars(number.data(), number.data() + number.size(), end.timeline);
    const auto lsn = parse_lsn(take_word(line));
    if (error != std::errc{} || last != number.data() + number.size() || !lsn)
      return fail(ErrorKind::permanent, "pg.timeline_history", "the server's timeline history has an unknown form");
    end.end = *lsn;
    ends.push_back(end);
  }
  return ends;
}

}  // namespace flusso::pg
