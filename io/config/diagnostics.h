#pragma once
// What is wrong with the files, collected: a run over all files reports every mistake at once, each with its place,
// what was expected instead, and the line it stands on. Lines of the deployment file can hold secrets, so there only
// values of keys known to be harmless are shown.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema/index_schema.h"

namespace flusso::config {

enum class Severity { error, note };

struct Diagnostic {
  Position at;
  std::string message;   // what is wrong
  std::string expected;  // what would be right; may be empty
  std::string hint;      // a likely meaning, e.g. "did you mean `x`?"; may be empty
  Severity severity = Severity::error;
};

inline constexpr std::size_t kMaxDiagnostics = 1000;  // what comes after is only counted

enum class Excerpts { plain, masked };

// Thread: one.
class Diagnostics {
 public:
  // Makes lines of `file` available to excerpts; `text` is copied.
  void add_source(std::string file, std::string_view text, Excerpts excerpts);
  void add(Diagnostic diagnostic);

  bool has_errors() const;
  bool full() const { return all_.size() >= kMaxDiagnostics; }
  std::size_t error_count() const;
  // In file order (order of add_source, then of first mention), then by line and column.
  std::vector<Diagnostic> sorted() const;
  // One diagnostic as people read it: `file:line:column: what, expected …`, the line with a caret, the hint.
  std::string render(const Diagnostic& diagnostic) const;
  // All errors (notes left out), each rendered, separated by newlines; no newline at the end.
  std::string render_errors() const;

 private:
  struct Source {
    std::size_t order = 0;
    Excerpts excerpts = Excerpts::plain;
    std::vector<std::string> lines;
  };
  std::size_t order_of(const std::string& file) const;

  std::map<std::string, Source> sources_;
  std::vector<Diagnostic> all_;
  std::size_t dropped_errors_ = 0;
};

// The text with control characters replaced by `?`, so that what a file holds cannot steer a terminal.
std::string printable(std::string_view text);

// A line of the deployment file without values that could be secret; empty when nothing of it may be shown.
std::string masked_line(std::string_view line);

}  // namespace flusso::config
