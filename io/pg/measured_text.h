#pragma once
// Strings inside a document travel as they are, each behind a mark and its length, and are written as JSON here: in
// Postgres that is the dearest part of a document (of a flat one of 500 bytes, half of the server's time).
//
//   \x01 <bytes, decimal> ':' <text>      a string
//   \x01 ':'                              null: concat() leaves out what is NULL
//
// No other byte below 0x20 but white space is in a document, because JSON escapes them. The length makes the text's own
// bytes harmless. Thread: any; pure.

#include <string>
#include <string_view>

#include "model/result.h"

namespace flusso::pg {

inline constexpr char kStringMark = '\x01';

// The document with every marked string as JSON; a view of `document` or of `scratch`.
// Errors: permanent pg.document_format when a length is missing or leads past the end.
Result<std::string_view> write_strings(std::string_view document, std::string& scratch);

}  // namespace flusso::pg
