#include "io/pg/row_tokens.h"

#include <algorithm>
#include <tuple>

#include "model/row_token.h"
#include "model/value.h"

namespace flusso::pg {
namespace {

bool before(const RowMark& a, const RowMark& b) { return std::tie(a.table, a.key) < std::tie(b.table, b.key); }
bool same(const RowMark& a, const RowMark& b) { return a.table == b.table && a.key == b.key; }

}  // namespace

Result<std::string_view> RowTokens::member(const std::vector<RowMark>& rows) {
  if (traced_->empty()) return std::string_view();
  sorted_ = rows;
  std::sort(sorted_.begin(), sorted_.end(), before);
  sorted_.erase(std::unique(sorted_.begin(), sorted_.end(), same), sorted_.end());
  text_ = ',';
  append_json_string(text_, kTokenField);
  text_ += ":[";
  const std::size_t empty = text_.size();
  const auto add = [&](const std::string& token) {
    if (text_.size() != empty) text_ += ',';
    append_json_string(text_, token);
  };
  for (auto row = sorted_.begin(); row != sorted_.end();) {
    if (row->table >= traced_->size())
      return fail(ErrorKind::permanent, "pg.document_format", "a document names a table that is not traced");
    const TableRef& table = (*traced_)[row->table].table;
    const auto end = std::find_if(row, sorted_.end(), [&](const RowMark& r) { return r.table != row->table; });
    if (static_cast<std::size_t>(end - row) > kMaxRowTokens)
      add(many_rows_token(table));
    else
      for (auto one = row; one != end; ++one) add(row_token(table, one->key));
    row = end;
  }
  text_ += ']';
  return std::string_view(text_);
}

}  // namespace flusso::pg
