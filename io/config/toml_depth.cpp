#include "io/config/toml_depth.h"

#include <algorithm>
#include <vector>

#include "io/config/tree.h"

namespace flusso::config {

namespace {

class Scan {
 public:
  explicit Scan(std::string_view text) : rest_(text) {}

  std::optional<int> run() {
    while (!rest_.empty()) {
      step();
      if (depth() > static_cast<std::size_t>(kMaxDepth)) return line_;
    }
    return std::nullopt;
  }

 private:
  // Parts of the key or header that is being read, of the header above it, and of all brackets around it.
  std::size_t depth() const { return header_ + outer_ + dots_ + open_.size(); }

  void step() {
    const char c = rest_.front();
    if (c == '"' || c == '\'') {
      line_begins_ = false;
      return skip_string(c);
    }
    if (c == '#') return skip_comment();
    rest_.remove_prefix(1);
    if (c == '\n') return end_line();
    if (c == '.') ++dots_;
    if (c == ',') dots_ = 0;
    if (c == '[' || c == '{') begin_bracket(c);
    if (c == ']' || c == '}') end_bracket();
    if (c != ' ' && c != '\t' && c != '\r') line_begins_ = false;
  }

  void end_line() {
    ++line_;
    if (in_header_) header_ = dots_ + 1;
    in_header_ = false;
    line_begins_ = true;
    if (open_.empty()) dots_ = 0;
  }

  void begin_bracket(char c) {
    if (c == '[' && line_begins_ && open_.empty()) {
      in_header_ = true;
      header_ = 0;
    }
    if (in_header_) return;
    open_.push_back(dots_);
    outer_ += dots_;
    dots_ = 0;
  }

  void end_bracket() {
    if (in_header_ || open_.empty()) return;
    dots_ = open_.back();
    outer_ -= dots_;
    open_.pop_back();
  }

  void skip_comment() { rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size())); }

  // Strings hide dots and brackets. Three quotes open a text of several lines, which up to two further quotes may
  // precede at its end; one quote ends at its line.
  void skip_string(char quote) {
    const std::string_view three = quote == '"' ? "\"\"\"" : "'''";
    const bool many = rest_.starts_with(three);
    rest_.remove_prefix(many ? 3 : 1);
    while (!rest_.empty()) {
      if (many ? rest_.starts_with(three) : rest_.front() == quote) {
        rest_.remove_prefix(many ? 3 : 1);
        for (int more = 0; many && more < 2 && rest_.starts_with(quote); ++more) rest_.remove_prefix(1);
        return;
      }
      if (rest_.front() == '\n' && !many) return;
      if (rest_.front() == '\n') ++line_;
      const bool escape = rest_.front() == '\\' && quote == '"' && rest_.size() > 1 && rest_[1] != '\n';
      rest_.remove_prefix(escape ? 2 : 1);
    }
  }

  std::string_view rest_;
  int line_ = 1;
  bool line_begins_ = true;
  bool in_header_ = false;
  std::size_t header_ = 0;         // parts of the last [header]
  std::size_t dots_ = 0;           // of the key being read
  std::vector<std::size_t> open_;  // the same outside of each open bracket
  std::size_t outer_ = 0;          // their sum
};

}  // namespace

std::optional<int> too_deep_line(std::string_view text) { return Scan(text).run(); }

}  // namespace flusso::config
