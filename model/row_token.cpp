#include "model/row_token.h"

#include "model/row_key.h"

namespace flusso {
namespace {

constexpr char kSeparator = '\x1f';

}  // namespace

std::string row_token(const TableRef& table, std::string_view key) {
  std::string token = to_text(table) + kSeparator;
  // document_id() shortens exactly what is too long here.
  static_assert(kMaxTokenKey == 512);
  token += document_id(key);
  return token;
}

std::string many_rows_token(const TableRef& table) { return to_text(table) + kSeparator + '*'; }

std::string many_rows_token(std::string_view token) {
  return std::string(token.substr(0, token.find(kSeparator) + 1)) + '*';
}

}  // namespace flusso
