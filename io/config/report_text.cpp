#include "io/config/report_text.h"

#include <algorithm>

#include "io/config/utf8.h"

namespace flusso::config {

std::size_t width_of(const std::string& text) { return characters(text); }

std::string padded(std::string text, std::size_t width) {
  const std::size_t length = characters(text);
  if (length < width) text.append(width - length, ' ');
  return text;
}

void ReportText::title(const std::string& text, const std::string& beside) {
  std::string rule;
  for (std::size_t i = 0; i < characters(text); ++i) rule += "─";
  line("");
  line((colour_ ? "\x1b[1m" + text + "\x1b[0m" : text) + (beside.empty() ? "" : "  " + beside));
  line(rule);
}

void ReportText::table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], characters(row[i]));
    }
  for (const auto& row : rows) {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) text += "  " + padded(row[i], widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    line(text);
  }
}

}  // namespace flusso::config
