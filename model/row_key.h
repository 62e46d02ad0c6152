#pragma once
// How a row's key is written: the text that names a document inside flusso, and the `_id` made from it.
// Single key: the column's text output. Composite: parts in declared order, in each % → %25 and : → %3A, joined by ':'.
// A text that is empty, longer than 512 bytes or begins with #sha256- becomes #sha256- + its SHA-256 as the _id.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flusso {

// Appends one part of a composite key (escaped); `first` false puts ':' before it.
void append_key_part(std::string& key, std::string_view part, bool first);
// Splits a key text into its parts; for a single-column key the text itself.
std::vector<std::string> split_key(std::string_view key, std::size_t columns);
// The document `_id` of a key text.
std::string document_id(std::string_view key);
// The key text of an `_id`; nothing for a digest, which does not tell it.
std::optional<std::string> key_of_document_id(std::string_view id);
// True when document_id(key) == key: the fast path of the packer.
bool is_plain_id(std::string_view key);

}  // namespace flusso
