#include "io/pg/marked_text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <charconv>
#include <cstdint>
#include <optional>

#include "model/value.h"

namespace flusso::pg {
namespace {

// The next mark from `at` on, or the end.
std::size_t next_mark(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  constexpr std::size_t kBlock = 16;
  const __m128i last_mark = _mm_set1_epi8(kNumberMark);
  for (; text.size() - at >= kBlock; at += kBlock) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(block, last_mark), last_mark));
    if (hits != 0) return at + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(hits)));
  }
#endif
  while (at < text.size() && static_cast<unsigned char>(text[at]) > kNumberMark) ++at;
  return at;
}

// Appends the string whose length begins at `at`; returns where the document goes on.
std::optional<std::size_t> write_string(std::string_view document, std::size_t at, std::string& out) {
  const char* const begin = document.data() + at;
  const char* const end = document.data() + document.size();
  std::uint32_t length = 0;
  const auto [colon, error] = std::from_chars(begin, end, length);
  const bool null = colon == begin;
  if ((error != std::errc{} && !null) || colon == end || *colon != ':' ||
      length > static_cast<std::size_t>(end - colon - 1))
    return std::nullopt;
  at = static_cast<std::size_t>(colon - document.data()) + 1;
  if (null)
    out.append("null");
  else
    append_json_string(out, document.substr(at, length));
  return at + length;
}

// A number is left where it is, and copied with what surrounds it; what is none becomes null.
std::size_t write_number(std::string_view document, std::size_t at, std::string& out) {
  const std::string_view rest = document.substr(at, std::string_view("-Infinity").size());
  const auto is_digit = [&](std::size_t i) { return i < rest.size() && rest[i] >= '0' && rest[i] <= '9'; };
  if (is_digit(0) || (rest.starts_with('-') && is_digit(1))) return at;
  out.append("null");
  for (const std::string_view name : {"NaN", "Infinity", "-Infinity"})
    if (rest.starts_with(name)) return at + name.size();
  return at;
}

}  // namespace

Result<std::string_view> write_marked(std::string_view document, std::string& scratch) {
  std::size_t mark = next_mark(document, 0);
  if (mark == document.size()) return document;
  scratch.clear();
  std::size_t at = 0;
  for (; mark != document.size(); mark = next_mark(document, at)) {
    scratch.append(document.substr(at, mark - at));
    if (document[mark] == kNumberMark) {
      at = write_number(document, mark + 1, scratch);
      continue;
    }
    const auto end = document[mark] == kStringMark ? write_string(document, mark + 1, scratch) : std::nullopt;
    if (!end) return fail(ErrorKind::permanent, "pg.document_format", "a string in a document has no valid length");
    at = *end;
  }
  scratch.append(document.substr(at));
  return std::string_view(scratch);
}

}  // namespace flusso::pg
