#pragma once
// Where log lines go: stderr, as text or as one JSON object per line.
//   RUST_LOG            info (default), debug, "flusso=debug,info", "flusso::capture=debug": the longest matching
//   target wins FLUSSO_LOG_FORMAT   text (default) or json
// The same warning (component, phrase and text fields equal) is written at most every 5 s; the next one says how many
// were left out. Control characters in values are escaped, so no value can forge a line.
// Thread: any.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/clock.h"
#include "model/log.h"
#include "model/result.h"

namespace flusso::telemetry {

enum class LogFormat { text, json };

// Which levels pass for which component.
class LogFilter {
 public:
  // Error config.log_filter for a directive that cannot be read.
  static Result<LogFilter> parse(std::string_view text);
  bool passes(LogLevel level, std::string_view component) const;

 private:
  struct Directive {
    std::string component;  // empty = all of ours
    int least = 1;          // LogLevel as int; 4 = off
  };
  std::vector<Directive> directives_;
  int default_least_ = 4;
};

// Where finished lines go; tests take their own.
class LineOutput {
 public:
  virtual ~LineOutput() = default;
  virtual void line(const std::string& text) = 0;
};
std::unique_ptr<LineOutput> stderr_output();

std::unique_ptr<LogBackend> make_log_backend(LogFilter filter, LogFormat format, std::unique_ptr<LineOutput> output,
                                             const Clock& clock);

// Reads both variables and installs a backend that lives as long as the process. Call once, before threads start.
// Error config.log_filter or config.log_format names the variable.
Status install_logging();

}  // namespace flusso::telemetry
