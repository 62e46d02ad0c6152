#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

void append_doubling(std::string& out, std::string_view text, char quote) {
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == quote) out += quote;
    out += c;
  }
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  std::string out;
  out.reserve(name.size() + 2);
  out += '"';
  append_doubling(out, name, '"');
  out += '"';
  return out;
}

std::string quote_table(const TableRef& table) {
  return quote_identifier(table.schema) + "." + quote_identifier(table.name);
}

std::string quote_literal(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  const bool backslash = text.find('\\') != std::string_view::npos;
  if (backslash) out += " E";
  out += '\'';
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  out += '\'';
  return out;
}

std::string quote_replication_option(std::string_view text) {
  std::string out = "'";
  append_doubling(out, text, '\'');
  out += '\'';
  return out;
}

std::string quote_identifier_list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ',';
    out += quote_identifier(name);
  }
  return out;
}

std::string array_text(const std::vector<std::string>& items) {
  std::string out = "{";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (const char c : item) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  out += '}';
  return out;
}

}  // namespace flusso::pg
