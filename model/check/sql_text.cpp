#include "model/check/sql_text.h"

namespace flusso {

std::string quoted(std::string_view identifier) {
  std::string out = "\"";
  for (const char c : identifier) {
    if (c == '\0') continue;
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string quoted(const TableRef& table) { return quoted(table.schema) + "." + quoted(table.name); }

std::string quoted_list(const KeyColumns& columns) {
  std::string out;
  for (const std::string& column : columns) out += (out.empty() ? "" : ", ") + quoted(column);
  return out;
}

std::string plain_list(const KeyColumns& columns) {
  std::string out;
  for (const std::string& column : columns) out += (out.empty() ? "" : ", ") + column;
  return out;
}

}  // namespace flusso
