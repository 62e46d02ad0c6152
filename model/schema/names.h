#pragma once
// What a name in a configuration or schema file may look like. Two rules exist: Postgres names (tables, columns,
// schemas; also index and sink names) are trimmed and folded to lower case as Postgres folds unquoted names, document
// keys keep their case. A Postgres name that must not be folded is written with double quotes inside the string.

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace flusso {

inline constexpr std::size_t kMaxNameBytes = 63;  // Postgres cuts longer names silently (NAMEDATALEN - 1)

// The name, or why it is none: a phrase that follows "is not a valid name: ". Thread: any; pure.
using NameResult = tl::expected<std::string, std::string>;

// Table, column or schema: `users`, ` Users ` → users, `"Order Items"` → Order Items (`""` inside is one quote).
NameResult parse_postgres_name(std::string_view text);
// Sink: as above without the quoted form.
NameResult parse_plain_name(std::string_view text);
// Index: as a sink, and what OpenSearch demands of an index name.
NameResult parse_index_name(std::string_view text);
// Document key: trimmed, case kept.
NameResult parse_field_name(std::string_view text);

std::string_view trimmed(std::string_view text);  // ASCII blanks off both ends
std::string folded(std::string_view text);        // ASCII upper case to lower case

}  // namespace flusso
