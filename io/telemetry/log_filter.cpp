#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "io/telemetry/log_backend.h"

namespace flusso::telemetry {
namespace {

constexpr int kOff = 4;
constexpr std::string_view kOurTarget = "flusso";

std::string trimmed_lower(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::optional<int> level_of(std::string_view word) {
  if (word == "trace" || word == "debug") return 0;
  if (word == "info") return 1;
  if (word == "warn") return 2;
  if (word == "error") return 3;
  if (word == "off") return kOff;
  return std::nullopt;
}

// The component that a target names; nothing for a target that is not ours.
std::optional<std::string> component_of(std::string_view target) {
  if (!target.starts_with(kOurTarget)) return std::nullopt;
  target.remove_prefix(kOurTarget.size());
  if (target.empty()) return std::string();
  if (!target.starts_with("::")) return std::nullopt;
  return std::string(target.substr(2));
}

}  // namespace

Result<LogFilter> LogFilter::parse(std::string_view text) {
  LogFilter filter;
  bool any = false;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string part = trimmed_lower(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (part.empty()) continue;
    any = true;
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) {
      if (const auto level = level_of(part)) {
        filter.default_least_ = *level;
      } else if (const auto component = component_of(part)) {
        filter.directives_.push_back({*component, 0});
      }
      continue;
    }
    const auto level = level_of(std::string_view(part).substr(equals + 1));
    if (!level) {
      return fail(ErrorKind::config, "config.log_filter",
                  fmt::format("RUST_LOG: \"{}\" has no level; use off, error, warn, info or debug", part));
    }
    if (const auto component = component_of(std::string_view(part).substr(0, equals)))
      filter.directives_.push_back({*component, *level});
  }
  if (!any) filter.default_least_ = 1;
  std::stable_sort(filter.directives_.begin(), filter.directives_.end(),
                   [](const Directive& a, const Directive& b) { return a.component.size() > b.component.size(); });
  return filter;
}

bool LogFilter::passes(LogLevel level, std::string_view component) const {
  for (const Directive& directive : directives_)
    if (directive.component.empty() || directive.component == component)
      return static_cast<int>(level) >= directive.least;
  return static_cast<int>(level) >= default_least_;
}

}  // namespace flusso::telemetry
