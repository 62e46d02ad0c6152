#pragma once
// The hash that names an index: 32-bit FNV-1a over a canonical encoding of the schema, as 8 hex digits. It covers the
// shape of the documents only: comments, key order, policies and sink options do not count. The encoding is frozen
// (golden vectors in the tests): an index made under a name must be found again under it.
//
//   integers little-endian, bool and u8 one byte · text = UTF-8, 0xFF · list = u64 length, elements
//   map = u64 length, then key and value in byte order of the keys · variant = u64 number, payload (none 0, some 1)
//
// Composite keys and own schemas of relations are encoded as their first column and not at all, and appended as
// entries (site, kind, payload) after everything else, so that a schema without them hashes as if they did not exist.

#include <string>

#include "model/schema/index_schema.h"

namespace flusso {

// The bytes that are hashed. Exposed for the golden tests. Thread: any; pure.
std::string canonical_encoding(const IndexSchema& schema);

// 8 lower-case hex digits.
std::string content_hash(const IndexSchema& schema);

}  // namespace flusso
