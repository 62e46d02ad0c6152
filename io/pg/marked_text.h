#pragma once
// Strings, numbers and dates inside a document travel as Postgres prints them, behind a mark, and are written as JSON
// here: in Postgres that is the dearest part of a document (of a flat one of 500 bytes, half of the server's time).
//
//   \x01 <bytes, decimal> ':' <text>      a string; the length makes the text's own bytes harmless
//   \x01 ':'                              null: concat() leaves out what is NULL
//   \x02 <number>                         a number; NaN, ±Infinity and nothing at all are null
//   \x03 <date>                           a date or timestamp in the style ISO, as ISO 8601; BC, years beyond 9999,
//                                         ±infinity and nothing at all are null
//   \x04                                  null for a value that is not finite, found out by the SQL
//   \x05 <table> ' ' <bytes> ':' <key>    a row of a traced table, by its position in IndexPlan::traced: left out of
//                                         the document and told beside it (row_tokens.h)
//
// No other byte below 0x20 but white space is in a document, because JSON escapes them. What becomes null although the
// row has a value is a loss; the loss is said with its place, from which its field is found (json_path.h).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"
#include "model/value_losses.h"

namespace flusso::pg {

inline constexpr char kStringMark = '\x01';
inline constexpr char kNumberMark = '\x02';
inline constexpr char kDateMark = '\x03';
inline constexpr char kNotFiniteMark = '\x04';
inline constexpr char kRowMark = '\x05';

// A value that could not be written: where its null begins in the JSON.
struct LostValue {
  std::size_t at = 0;
  LossKind kind = LossKind::not_finite;
};

// A row of a traced table that went into the document; `key` points into the text that was read.
struct RowMark {
  std::uint32_t table = 0;
  std::string_view key;
};

// Writes documents one after the other. Thread: one.
class MarkedText {
 public:
  // The document with everything marked as JSON; a view of `document` or of a buffer that the next call reuses.
  // Errors: permanent pg.document_format when a length is missing or leads past the end, or a date has another form.
  Result<std::string_view> write(std::string_view document);
  // Of the document written last, in order; empty nearly always.
  const std::vector<LostValue>& lost() const { return lost_; }
  // The rows of traced tables in the document written last, in the order of its text.
  const std::vector<RowMark>& rows() const { return rows_; }

 private:
  std::string out_;
  std::vector<LostValue> lost_;
  std::vector<RowMark> rows_;
};

}  // namespace flusso::pg
