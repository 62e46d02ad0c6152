#include "io/pg/measured_text.h"

#include <charconv>
#include <cstdint>

#include "model/value.h"

namespace flusso::pg {

Result<std::string_view> write_strings(std::string_view document, std::string& scratch) {
  std::size_t mark = document.find(kStringMark);
  if (mark == std::string_view::npos) return document;
  scratch.clear();
  std::size_t at = 0;
  while (mark != std::string_view::npos) {
    scratch.append(document.substr(at, mark - at));
    const char* const begin = document.data() + mark + 1;
    const char* const end = document.data() + document.size();
    std::uint32_t length = 0;
    const auto [colon, error] = std::from_chars(begin, end, length);
    const bool null = colon == begin;
    if ((error != std::errc{} && !null) || colon == end || *colon != ':' ||
        length > static_cast<std::size_t>(end - colon - 1))
      return fail(ErrorKind::permanent, "pg.document_format", "a string in a document has no valid length");
    at = static_cast<std::size_t>(colon - document.data()) + 1;
    if (null)
      scratch.append("null");
    else
      append_json_string(scratch, document.substr(at, length));
    at += length;
    mark = document.find(kStringMark, at);
  }
  scratch.append(document.substr(at));
  return std::string_view(scratch);
}

}  // namespace flusso::pg
