#pragma once
// Names and texts as SQL and as the replication grammar want them. Every identifier that reaches SQL text passes here;
// values are bound, and only go through quote_literal where nothing can be bound (replication commands, COPY).
// Thread: any; pure. Assumes standard_conforming_strings = on, which every connection pins.

#include <string>
#include <string_view>
#include <vector>

#include "model/schema/index_schema.h"

namespace flusso::pg {

// "We ird""Na.me": always quoted. NUL bytes (impossible in a name) are dropped.
std::string quote_identifier(std::string_view name);
// "schema"."table"
std::string quote_table(const TableRef& table);
// 'it''s': a backslash makes it an E'' string. NUL bytes are dropped.
std::string quote_literal(std::string_view text);
// An option value of a replication command: '…' with quotes doubled; backslashes mean themselves there.
std::string quote_replication_option(std::string_view text);
// "a","b": the value of pgoutput's publication_names, a list of identifiers.
std::string quote_identifier_list(const std::vector<std::string>& names);
// {"a","b\"c"}: text of an array of texts, to be bound as text[].
std::string array_text(const std::vector<std::string>& items);

}  // namespace flusso::pg
