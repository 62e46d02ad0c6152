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

constexpr char kLastMark = kRowMark;
constexpr std::size_t kDateLength = std::string_view("2024-01-02").size();
constexpr std::size_t kTimestampLength = std::string_view("2024-01-02 03:04:05").size();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The next mark from `at` on, or the end.
std::size_t next_mark(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  constexpr std::size_t kBlock = 16;
  const __m128i last_mark = _mm_set1_epi8(kLastMark);
  for (; text.size() - at >= kBlock; at += kBlock) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(block, last_mark), last_mark));
    if (hits != 0) return at + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(hits)));
  }
#endif
  while (at < text.size() && static_cast<unsigned char>(text[at]) > kLastMark) ++at;
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

// <table> ' ' <bytes> ':' <key>; returns where the document goes on.
std::optional<std::size_t> read_row(std::string_view document, std::size_t at, RowMark& row) {
  const char* const end = document.data() + document.size();
  const auto [space, bad_table] = std::from_chars(document.data() + at, end, row.table);
  if (bad_table != std::errc{} || space == end || *space != ' ') return std::nullopt;
  std::uint32_t length = 0;
  const auto [colon, bad_length] = std::from_chars(space + 1, end, length);
  if (bad_length != std::errc{} || colon == end || *colon != ':' || length > static_cast<std::size_t>(end - colon - 1))
    return std::nullopt;
  at = static_cast<std::size_t>(colon - document.data()) + 1;
  row.key = document.substr(at, length);
  return at + length;
}

// What a mark leads to: where the document goes on, and whether a value was lost.
struct Step {
  std::size_t next = 0;
  bool lost = false;
};

// A number is left where it is, and copied with what surrounds it; what is none becomes null.
Step write_number(std::string_view document, std::size_t at, std::string& out) {
  const std::string_view rest = document.substr(at, std::string_view("-Infinity").size());
  const auto is_digit_at = [&](std::size_t i) { return i < rest.size() && is_digit(rest[i]); };
  if (is_digit_at(0) || (rest.starts_with('-') && is_digit_at(1))) return {at, false};
  out.append("null");
  for (const std::string_view name : {"NaN", "Infinity", "-Infinity"})
    if (rest.starts_with(name)) return {at + name.size(), true};
  return {at, false};
}

// 2024-01-02, 2024-01-02 03:04:05.5, 2024-01-02 03:04:05.5+00. Dates of our era up to the year 9999 have a '-' as
// their fifth character and no " BC" at their end.
std::optional<Step> write_date(std::string_view document, std::size_t at, std::string& out) {
  constexpr std::size_t kLongest = 48;  // of any date that Postgres prints
  std::size_t end = at;
  while (end < document.size() && document[end] != ',' && document[end] != '}' && document[end] != ']') ++end;
  const std::string_view text = document.substr(at, end - at);
  if (text.empty()) {
    out.append("null");
    return Step{end, false};
  }
  const bool plain = text.size() >= kDateLength && text[4] == '-' && text.back() != 'C';
  if (!plain) {
    std::size_t year = 0;
    while (year < text.size() && is_digit(text[year])) ++year;
    const bool is_date = text == "infinity" || text == "-infinity" ||
                         (text.size() <= kLongest && year >= 4 && year < text.size() && text[year] == '-');
    if (!is_date) return std::nullopt;
    out.append("null");
    return Step{end, true};
  }
  for (const std::size_t i : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U})
    if (!is_digit(text[i])) return std::nullopt;
  const bool day_only = text.size() == kDateLength;
  if (text.size() > kLongest || text[7] != '-' || (!day_only && (text.size() < kTimestampLength || text[10] != ' ')))
    return std::nullopt;
  out.push_back('"');
  out.append(text);
  if (!day_only) {
    out[out.size() - text.size() + kDateLength] = 'T';
    const char sign = text[text.size() - 3];
    if (sign == '+' || sign == '-') out.append(":00");  // the hours of an offset without minutes
  }
  out.push_back('"');
  return Step{end, false};
}

}  // namespace

Result<std::string_view> MarkedText::write(std::string_view document) {
  lost_.clear();
  rows_.clear();
  std::size_t mark = next_mark(document, 0);
  if (mark == document.size()) return document;
  out_.clear();
  std::size_t at = 0;
  for (; mark != document.size(); mark = next_mark(document, at)) {
    out_.append(document.substr(at, mark - at));
    const std::size_t begin = out_.size();
    switch (document[mark]) {
      case kStringMark: {
        const auto end = write_string(document, mark + 1, out_);
        if (!end) return fail(ErrorKind::permanent, "pg.document_format", "a string in a document has no valid length");
        at = *end;
        break;
      }
      case kNumberMark: {
        const Step step = write_number(document, mark + 1, out_);
        if (step.lost) lost_.push_back({begin, LossKind::not_finite});
        at = step.next;
        break;
      }
      case kDateMark: {
        const auto step = write_date(document, mark + 1, out_);
        if (!step)
          return fail(ErrorKind::permanent, "pg.document_format",
                      "a date in a document is not in the style ISO; does a function in a raw filter set DateStyle?");
        if (step->lost) lost_.push_back({begin, LossKind::date_range});
        at = step->next;
        break;
      }
      case kNotFiniteMark:
        out_.append("null");
        lost_.push_back({begin, LossKind::not_finite});
        at = mark + 1;
        break;
      case kRowMark: {
        RowMark row;
        const auto end = read_row(document, mark + 1, row);
        if (!end) return fail(ErrorKind::permanent, "pg.document_format", "a row mark in a document is broken");
        rows_.push_back(row);
        at = *end;
        break;
      }
      default:
        return fail(ErrorKind::permanent, "pg.document_format", "a document holds a NUL byte");
    }
  }
  out_.append(document.substr(at));
  return std::string_view(out_);
}

}  // namespace flusso::pg
