#include "io/stdout/json_text.h"

namespace flusso::stdout_sink {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// Position behind the string that begins at `at` (a quote).
std::size_t end_of_string(std::string_view json, std::size_t at) {
  for (++at; at < json.size(); ++at) {
    if (json[at] == '\\')
      ++at;
    else if (json[at] == '"')
      return at + 1;
  }
  return json.size();
}

std::size_t skip_blanks(std::string_view json, std::size_t at) {
  while (at < json.size() && is_blank(json[at])) ++at;
  return at;
}

void append_line_start(std::string& out, std::size_t depth) {
  out += '\n';
  out.append(2 * depth, ' ');
}

}  // namespace

std::optional<std::uint64_t> count_fields(std::string_view json) {
  const std::size_t first = skip_blanks(json, 0);
  if (first >= json.size() || json[first] != '{') return std::nullopt;
  const std::size_t second = skip_blanks(json, first + 1);
  if (second < json.size() && json[second] == '}') return 0;
  std::uint64_t commas = 0;
  std::size_t depth = 0;
  for (std::size_t at = first; at < json.size();) {
    const char c = json[at];
    if (c == '"') {
      at = end_of_string(json, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (c == ',' && depth == 1) ++commas;
    ++at;
  }
  return commas + 1;
}

void append_indented(std::string& out, std::string_view json) {
  std::size_t depth = 0;
  for (std::size_t at = skip_blanks(json, 0); at < json.size(); at = skip_blanks(json, at)) {
    const char c = json[at];
    if (c == '"') {
      const std::size_t end = end_of_string(json, at);
      out += json.substr(at, end - at);
      at = end;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      const std::size_t next = skip_blanks(json, at);
      if (next < json.size() && (json[next] == '}' || json[next] == ']')) {
        out += c;
        out += json[next];
        at = next + 1;
        continue;
      }
      out += c;
      append_line_start(out, ++depth);
    } else if (c == '}' || c == ']') {
      if (depth > 0) --depth;
      append_line_start(out, depth);
      out += c;
    } else if (c == ',') {
      out += c;
      append_line_start(out, depth);
    } else {
      out += c;
      if (c == ':') out += ' ';
    }
  }
}

}  // namespace flusso::stdout_sink
