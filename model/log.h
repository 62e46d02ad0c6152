#pragma once
// Structured logging without a logging library: a constant phrase plus fields. The backend is a pointer
// that the composition root installs (io/telemetry); without one, lines are dropped.
// Never log a document body or a secret. Thread: any.

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace flusso {

enum class LogLevel { debug, info, warn, error };

struct LogField {
  std::string_view key;
  std::string value;
  bool quoted = true;  // false for numbers and booleans, which JSON output writes bare
};

template <class T>
LogField kv(std::string_view key, const T& value) {
  return LogField{key, fmt::format("{}", value), !std::is_arithmetic_v<T>};
}

class LogBackend {
 public:
  virtual ~LogBackend() = default;
  virtual bool enabled(LogLevel level, std::string_view component) const noexcept = 0;
  virtual void write(LogLevel level, std::string_view component, std::string_view phrase,
                     std::initializer_list<LogField> fields) noexcept = 0;
};

// Installs the process's backend; the backend must outlive all logging. Call before threads start.
void install_log_backend(LogBackend* backend) noexcept;
LogBackend* log_backend() noexcept;

class Logger {
 public:
  explicit constexpr Logger(std::string_view component) : component_(component) {}

  template <class... Fields>
  void debug(std::string_view phrase, Fields&&... fields) const {
    write(LogLevel::debug, phrase, std::forward<Fields>(fields)...);
  }
  template <class... Fields>
  void info(std::string_view phrase, Fields&&... fields) const {
    write(LogLevel::info, phrase, std::forward<Fields>(fields)...);
  }
  template <class... Fields>
  void warn(std::string_view phrase, Fields&&... fields) const {
    write(LogLevel::warn, phrase, std::forward<Fields>(fields)...);
  }
  template <class... Fields>
  void error(std::string_view phrase, Fields&&... fields) const {
    write(LogLevel::error, phrase, std::forward<Fields>(fields)...);
  }

 private:
  template <class... Fields>
  void write(LogLevel level, std::string_view phrase, Fields&&... fields) const {
    LogBackend* backend = log_backend();
    if (backend == nullptr || !backend->enabled(level, component_)) return;
    backend->write(level, component_, phrase, {std::forward<Fields>(fields)...});
  }
  std::string_view component_;
};

}  // namespace flusso
