#include "model/value.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <iterator>

namespace flusso {
namespace {

// Eight bytes at a time: is one of them below 0x20, a quote or a backslash?
bool needs_escape(const char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHigh = 0x8080808080808080U;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  const std::uint64_t quote = word ^ (kOnes * '"');
  const std::uint64_t backslash = word ^ (kOnes * '\\');
  return (((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash)) & kHigh;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t clean = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    while (text.size() - i >= sizeof(std::uint64_t) && !needs_escape(text.data() + i)) i += sizeof(std::uint64_t);
    if (i == text.size()) break;
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(clean, i - clean));
    clean = i + 1;
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      case '\b':
        out.append("\\b");
        break;
      case '\f':
        out.append("\\f");
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    }
  }
  out.append(text.substr(clean));
  out.push_back('"');
}

namespace {

struct Writer {
  std::string& out;
  void operator()(std::monostate) const { out.append("null"); }
  void operator()(bool value) const { out.append(value ? "true" : "false"); }
  void operator()(std::int64_t value) const { out.append(std::to_string(value)); }
  void operator()(const Digits& value) const { out.append(value.text); }
  void operator()(const std::string& value) const { append_json_string(out, value); }
  void operator()(const ValueList& values) const {
    out.push_back('[');
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) out.push_back(',');
      std::visit(*this, values[i].data);
    }
    out.push_back(']');
  }
  void operator()(const ValueMap& entries) const {
    out.push_back('{');
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i != 0) out.push_back(',');
      append_json_string(out, entries[i].first);
      out.push_back(':');
      std::visit(*this, entries[i].second.data);
    }
    out.push_back('}');
  }
};

}  // namespace

std::string to_json(const Value& value) {
  std::string out;
  std::visit(Writer{out}, value.data);
  return out;
}

}  // namespace flusso
