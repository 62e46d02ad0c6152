#pragma once
// Lines of a report for people: underlined titles, aligned tables, colour where a terminal wants it.

#include <string>
#include <vector>

namespace flusso::config {

// Characters, not bytes.
std::size_t width_of(const std::string& text);
// Widened with blanks to `width` characters.
std::string padded(std::string text, std::size_t width);

// Thread: one.
class ReportText {
 public:
  explicit ReportText(bool colour) : colour_(colour) {}

  void line(const std::string& text) { out_ += text + "\n"; }
  void title(const std::string& text, const std::string& beside = {});
  // Rows of cells, each column as wide as its widest cell; blanks at the end of a row are cut.
  void table(const std::vector<std::vector<std::string>>& rows);
  std::string mark() const { return colour_ ? "\x1b[32m✓\x1b[0m" : "✓"; }
  std::string take() { return std::move(out_); }

 private:
  bool colour_;
  std::string out_;
};

}  // namespace flusso::config
