#include "io/stdout/envelope.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "io/stdout/json_text.h"
#include "model/value.h"

namespace flusso::stdout_sink {
namespace {

constexpr std::string_view kVersion = "0.1.0";

std::string utc_text(std::chrono::system_clock::time_point at) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(at);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(ms);
  const std::time_t wall = std::chrono::system_clock::to_time_t(seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(wall), (ms - seconds).count());
}

void append_line(std::string& out, const Operation& operation) {
  const bool is_delete = operation.body.empty();
  const auto into = std::back_inserter(out);
  out += '{';
  if (!is_delete) {
    out += "\"document\":";
    out += operation.body;
    out += ',';
  }
  out += "\"id\":";
  append_json_string(out, operation.id);
  out += ",\"index\":";
  append_json_string(out, operation.index);
  if (!is_delete) {
    fmt::format_to(into, ",\"meta\":{{\"bytes\":{},\"fields\":", operation.body.size());
    if (const auto fields = count_fields(operation.body))
      fmt::format_to(into, "{}}}", *fields);
    else
      out += "null}";
  }
  fmt::format_to(into, ",\"op\":\"{}\",\"seq\":{},\"sink\":\"stdout\",\"ts\":\"{}\",\"version\":\"{}\"}}",
                 is_delete ? "delete" : "upsert", operation.seq, utc_text(operation.at), kVersion);
}

}  // namespace

void append_envelope(std::string& out, const Operation& operation, Layout layout) {
  if (layout == Layout::lines) {
    append_line(out, operation);
  } else {
    std::string line;
    append_line(line, operation);
    append_indented(out, line);
  }
  out += '\n';
}

}  // namespace flusso::stdout_sink
