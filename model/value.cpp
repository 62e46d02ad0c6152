#include "model/value.h"

#include <fmt/format.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <iterator>

namespace flusso {
namespace {

// How many bytes from the begin need no escape, looking at whole blocks only: the rest is looked at one by one.
constexpr std::size_t kBlock = 16;
#if defined(__SSE2__)
std::size_t clean_blocks(std::string_view text) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  std::size_t at = 0;
  for (; text.size() - at >= kBlock; at += kBlock) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i hits = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)),
                                      _mm_cmpeq_epi8(_mm_max_epu8(block, last_control), last_control));
    if (_mm_movemask_epi8(hits) != 0) break;
  }
  return at;
}
#else
std::size_t clean_blocks(std::string_view) { return 0; }
#endif

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t clean = 0;
  std::size_t looked_at = 0;  // where the next block begins
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == looked_at) {
      i += clean_blocks(text.substr(i));
      if (i == text.size()) break;
      looked_at = i + kBlock;
    }
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
