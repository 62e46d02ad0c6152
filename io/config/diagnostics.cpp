#include "io/config/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "io/config/utf8.h"

namespace flusso::config {

namespace {

constexpr std::size_t kMaxExcerptBytes = 160;

// Continuation bytes of UTF-8 do not count as columns.
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (true) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

// Messages quote what the file holds, which may be long.
void shorten(std::string& message) {
  constexpr std::size_t kMaxMessageBytes = 400;
  if (message.size() <= kMaxMessageBytes) return;
  message.resize(kMaxMessageBytes);
  while (!message.empty() && is_continuation(message.back())) message.pop_back();
  if (!message.empty() && static_cast<unsigned char>(message.back()) >= 0x80) message.pop_back();
  message += "…";
}

// Blanks as wide as the first `columns` characters of the line; tabs stay tabs so that the caret lines up.
std::string padding(std::string_view line, int columns) {
  std::string out;
  for (const char c : line) {
    if (columns <= 0) break;
    if (is_continuation(c)) continue;
    out.push_back(c == '\t' ? '\t' : ' ');
    --columns;
  }
  out.append(columns > 0 ? static_cast<std::size_t>(columns) : 0, ' ');
  return out;
}

constexpr std::string_view kHarmlessKeys[] = {
    "type",
    "on_error",
    "name",
    "schema",
    "enabled",
    "manage_publication",
    "spill_dir",
    "allow_partial_publication",
    "manage_replica_identity",
    "on_slot_lost",
    "wal_warning_mib",
    "heartbeat_secs",
    "host",
    "port",
    "user",
    "database",
    "tls_verify",
    "batch_size",
    "max_bytes",
    "timeout_secs",
    "max_retries",
    "pipeline",
    "pretty",
    "number_of_shards",
    "prefix",
    "number_of_replicas",
    "refresh_interval",
    "text_analysis",
    "auto_subfields",
    "public_address",
    "private_address",
};

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t valid = first_invalid_utf8(text).value_or(text.size());
    for (std::size_t i = 0; i < valid; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const bool second_control_set = byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) <= 0x9F;
      const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7F || second_control_set;
      out.push_back(control ? '?' : text[i]);
      if (second_control_set) ++i;
    }
    if (valid < text.size()) out.push_back('?');
    text.remove_prefix(std::min(valid + 1, text.size()));
  }
  return out;
}

std::string masked_line(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  if (line[first] == '[' && line.find_first_of("\"'=") == std::string_view::npos) return std::string(line);
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return {};
  std::string_view key = line.substr(first, equals - first);
  while (key.ends_with(' ') || key.ends_with('\t')) key.remove_suffix(1);
  const bool bare = std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (!bare || key.empty()) return {};
  const bool one_value = line.find('=', equals + 1) == std::string_view::npos;
  if (one_value && std::find(std::begin(kHarmlessKeys), std::end(kHarmlessKeys), key) != std::end(kHarmlessKeys))
    return std::string(line);
  return std::string(line.substr(0, equals)) + "= ***";
}

void Diagnostics::add_source(std::string file, std::string_view text, Excerpts excerpts) {
  const std::size_t order = sources_.size();
  sources_.try_emplace(std::move(file), Source{order, excerpts, split_lines(text)});
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (all_.size() >= kMaxDiagnostics) {
    if (diagnostic.severity == Severity::error) ++dropped_errors_;
    return;
  }
  shorten(diagnostic.message);
  all_.push_back(std::move(diagnostic));
}

std::size_t Diagnostics::error_count() const {
  const auto kept = std::count_if(all_.begin(), all_.end(),
                                  [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::error; });
  return static_cast<std::size_t>(kept) + dropped_errors_;
}

bool Diagnostics::has_errors() const { return error_count() != 0; }

std::size_t Diagnostics::order_of(const std::string& file) const {
  const auto found = sources_.find(file);
  return found == sources_.end() ? sources_.size() : found->second.order;
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> out = all_;
  std::stable_sort(out.begin(), out.end(), [this](const Diagnostic& a, const Diagnostic& b) {
    return std::tuple(order_of(a.at.file), a.at.line, a.at.column) <
           std::tuple(order_of(b.at.file), b.at.line, b.at.column);
  });
  return out;
}

std::string Diagnostics::render(const Diagnostic& diagnostic) const {
  const Position& at = diagnostic.at;
  std::string out = at.file;
  if (at.line > 0) out += fmt::format(":{}:{}", at.line, std::max(at.column, 1));
  out += ": ";
  if (diagnostic.severity == Severity::note) out += "note: ";
  out += printable(diagnostic.message);
  if (!diagnostic.expected.empty()) out += ", expected " + printable(diagnostic.expected);

  const auto source = sources_.find(at.file);
  if (at.line > 0 && source != sources_.end() && static_cast<std::size_t>(at.line) <= source->second.lines.size()) {
    const std::string& line = source->second.lines[static_cast<std::size_t>(at.line) - 1];
    std::string shown = source->second.excerpts == Excerpts::masked ? masked_line(line) : line;
    if (shown.size() > kMaxExcerptBytes) shown.clear();
    if (!shown.empty()) {
      const std::string number = std::to_string(at.line);
      out += fmt::format("\n  {} | {}", number, printable(shown));
      out += fmt::format("\n  {} | {}^", std::string(number.size(), ' '), padding(line, at.column - 1));
    }
  }
  if (!diagnostic.hint.empty()) out += "\n  " + printable(diagnostic.hint);
  return out;
}

std::string Diagnostics::render_errors() const {
  std::string out;
  for (const Diagnostic& diagnostic : sorted()) {
    if (diagnostic.severity != Severity::error) continue;
    if (!out.empty()) out.push_back('\n');
    out += render(diagnostic);
  }
  if (dropped_errors_ != 0) out += fmt::format("\n… and {} more", dropped_errors_);
  return out;
}

}  // namespace flusso::config
