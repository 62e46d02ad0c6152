#pragma once
// The hidden member of a document that tells which rows of traced tables it was built from (model/row_token.h):
//
//   {"id":7,…,"flusso_keys":["public.orders\u001f1","public.orders\u001f2"]}
//
// The rows come marked in the document's own text (marked_text.h), wherever they stand in it, so that no statement
// needs a second column for them. Thread: one.

#include <string>
#include <string_view>
#include <vector>

#include "io/pg/marked_text.h"
#include "model/plan.h"

namespace flusso::pg {

class RowTokens {
 public:
  // `traced`: of the index; must outlive this.
  explicit RowTokens(const std::vector<TracedTable>& traced) : traced_(&traced) {}

  // The member with the comma before it; empty when the index traces nothing. A view of a buffer that the next call
  // reuses. Errors: permanent pg.document_format when a mark names no traced table.
  Result<std::string_view> member(const std::vector<RowMark>& rows);

 private:
  const std::vector<TracedTable>* traced_;
  std::vector<RowMark> sorted_;
  std::string text_;
};

}  // namespace flusso::pg
