#pragma once
// What a document says about the rows it was built from, so that a row can be traced to the documents that hold it when
// its old version does not name them: one token per row of a traced table (IndexPlan::traced), kept in a hidden field
// of the document and asked for by a search (pipeline/look_back.h).
//
//   token      <schema>.<table> \x1f <key>   key: the columns of the replica identity, written like a document key
//   many rows  <schema>.<table> \x1f *       for a table with more than kMaxRowTokens rows in one document
//
// A key longer than kMaxTokenKey bytes stands as #sha256- and its digest: OpenSearch refuses terms beyond 32766 bytes.
// Thread: any; pure.

#include <string>
#include <string_view>

#include "model/schema/index_schema.h"

namespace flusso {

inline constexpr std::string_view kTokenField = "flusso_keys";
inline constexpr std::size_t kMaxRowTokens = 10'000;
inline constexpr std::size_t kMaxTokenKey = 512;

std::string row_token(const TableRef& table, std::string_view key);
std::string many_rows_token(const TableRef& table);
// The same for the table that a token speaks of.
std::string many_rows_token(std::string_view token);

}  // namespace flusso
