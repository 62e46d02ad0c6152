#pragma once
// Strings and numbers inside a document travel as they are, behind a mark, and are written as JSON here: in Postgres
// that is the dearest part of a document (of a flat one of 500 bytes, half of the server's time).
//
//   \x01 <bytes, decimal> ':' <text>      a string; the length makes the text's own bytes harmless
//   \x01 ':'                              null: concat() leaves out what is NULL
//   \x02 <number>                         a number as Postgres prints it; NaN, ±Infinity and nothing at all are null
//
// No other byte below 0x20 but white space is in a document, because JSON escapes them. Thread: any; pure.

#include <string>
#include <string_view>

#include "model/result.h"

namespace flusso::pg {

inline constexpr char kStringMark = '\x01';
inline constexpr char kNumberMark = '\x02';

// The document with everything marked as JSON; a view of `document` or of `scratch`.
// Errors: permanent pg.document_format when a length is missing or leads past the end.
Result<std::string_view> write_marked(std::string_view document, std::string& scratch);

}  // namespace flusso::pg
