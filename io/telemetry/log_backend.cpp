#include "io/telemetry/log_backend.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "model/value.h"

namespace flusso::telemetry {
namespace {

constexpr Millis kQuietTime{5000};
constexpr std::size_t kMaxRemembered = 1024;

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::info:
      return "INFO";
    case LogLevel::warn:
      return "WARN";
    case LogLevel::error:
      return "ERROR";
  }
  return "ERROR";
}

std::string now_text() {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(ms);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (ms - seconds).count());
}

bool reads_well_bare(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value)
    if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '\\' || c == '=' || c == 0x7f) return false;
  return true;
}

// A number that JSON can hold as it is: fmt writes nan and inf for some doubles.
bool is_json_literal(const LogField& field) {
  return !field.quoted && field.value != "nan" && field.value != "-nan" && field.value != "inf" &&
         field.value != "-inf";
}

using Fields = std::initializer_list<LogField>;

std::string text_line(LogLevel level, std::string_view component, std::string_view phrase, Fields fields,
                      std::uint64_t left_out) {
  std::string line = fmt::format("{} {:>5} {}: {}", now_text(), level_name(level), component, phrase);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (reads_well_bare(field.value))
      line += field.value;
    else
      append_json_string(line, field.value);
  }
  if (left_out > 0) fmt::format_to(std::back_inserter(line), " left_out={}", left_out);
  return line;
}

std::string json_line(LogLevel level, std::string_view component, std::string_view phrase, Fields fields,
                      std::uint64_t left_out) {
  std::string line =
      fmt::format("{{\"timestamp\":\"{}\",\"level\":\"{}\",\"fields\":{{\"message\":", now_text(), level_name(level));
  append_json_string(line, phrase);
  for (const LogField& field : fields) {
    line += ',';
    append_json_string(line, field.key);
    line += ':';
    if (is_json_literal(field))
      line += field.value;
    else
      append_json_string(line, field.value);
  }
  if (left_out > 0) fmt::format_to(std::back_inserter(line), ",\"left_out\":{}", left_out);
  line += "},\"target\":";
  append_json_string(line, "flusso::" + std::string(component));
  line += '}';
  return line;
}

class SpdlogOutput final : public LineOutput {
 public:
  SpdlogOutput() : logger_("flusso", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_pattern("%v");
    logger_.set_level(spdlog::level::trace);
    logger_.flush_on(spdlog::level::trace);
  }
  void line(const std::string& text) override { logger_.info(fmt::string_view(text)); }

 private:
  spdlog::logger logger_;
};

class Backend final : public LogBackend {
 public:
  Backend(LogFilter filter, LogFormat format, std::unique_ptr<LineOutput> output, const Clock& clock)
      : filter_(std::move(filter)), format_(format), output_(std::move(output)), clock_(clock) {}

  bool enabled(LogLevel level, std::string_view component) const noexcept override {
    return filter_.passes(level, component);
  }

  void write(LogLevel level, std::string_view component, std::string_view phrase, Fields fields) noexcept override {
    try {
      const std::optional<std::uint64_t> left_out = level == LogLevel::warn ? admit(component, phrase, fields) : 0;
      if (!left_out) return;
      output_->line(format_ == LogFormat::json ? json_line(level, component, phrase, fields, *left_out)
                                               : text_line(level, component, phrase, fields, *left_out));
    } catch (...) {  // a log line is never worth an exception
    }
  }

 private:
  struct Seen {
    SteadyTime written;
    std::uint64_t left_out = 0;
  };

  // Nothing: the line is left out. Else how many like it were left out since the last.
  std::optional<std::uint64_t> admit(std::string_view component, std::string_view phrase, Fields fields) {
    std::string key(component);
    key += '\x1f';
    key += phrase;
    for (const LogField& field : fields)
      if (field.quoted) key += '\x1f' + field.value;
    const SteadyTime now = clock_.now();
    const std::lock_guard lock(mutex_);
    if (seen_.size() >= kMaxRemembered) seen_.clear();
    const auto [found, is_new] = seen_.try_emplace(std::move(key), Seen{now, 0});
    if (is_new) return 0;
    if (now - found->second.written < kQuietTime) {
      ++found->second.left_out;
      return std::nullopt;
    }
    found->second.written = now;
    return std::exchange(found->second.left_out, 0);
  }

  const LogFilter filter_;
  const LogFormat format_;
  const std::unique_ptr<LineOutput> output_;
  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Seen> seen_;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::unique_ptr<LineOutput> stderr_output() { return std::make_unique<SpdlogOutput>(); }

std::unique_ptr<LogBackend> make_log_backend(LogFilter filter, LogFormat format, std::unique_ptr<LineOutput> output,
                                             const Clock& clock) {
  return std::make_unique<Backend>(std::move(filter), format, std::move(output), clock);
}

Status install_logging() {
  FLUSSO_TRY_ASSIGN(LogFilter filter, LogFilter::parse(environment("RUST_LOG")));
  const std::string format = environment("FLUSSO_LOG_FORMAT");
  if (!format.empty() && format != "text" && format != "json")
    return fail(ErrorKind::config, "config.log_format",
                fmt::format("FLUSSO_LOG_FORMAT is \"{}\"; use text or json", format));
  static const SystemClock clock;
  // Never destroyed: threads may still log while the process ends.
  static LogBackend* const backend =
      make_log_backend(std::move(filter), format == "json" ? LogFormat::json : LogFormat::text, stderr_output(), clock)
          .release();
  install_log_backend(backend);
  return {};
}

}  // namespace flusso::telemetry
