#include "io/pg/result.h"

#include <libpq-fe.h>

#include <charconv>
#include <cstdlib>

namespace flusso::pg {
namespace {

template <class Number>
Number parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : Number{};
}

}  // namespace

void ClearResult::operator()(pg_result* result) const noexcept { PQclear(result); }

int Rows::size() const { return result_ ? PQntuples(result_.get()) : 0; }

int Rows::columns() const { return result_ ? PQnfields(result_.get()) : 0; }

bool Rows::is_null(int row, int column) const {
  if (row < 0 || column < 0 || row >= size() || column >= columns()) return true;
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Rows::text(int row, int column) const {
  if (is_null(row, column)) return {};
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t Rows::integer(int row, int column) const { return parse_number<std::int64_t>(text(row, column)); }

std::uint64_t Rows::unsigned_integer(int row, int column) const {
  return parse_number<std::uint64_t>(text(row, column));
}

char Rows::letter(int row, int column) const {
  const std::string_view found = text(row, column);
  return found.empty() ? '\0' : found.front();
}

double Rows::number(int row, int column) const { return parse_number<double>(text(row, column)); }

Lsn Rows::lsn(int row, int column) const { return parse_lsn(text(row, column)).value_or(Lsn{}); }

std::uint64_t Rows::affected() const { return result_ ? parse_number<std::uint64_t>(PQcmdTuples(result_.get())) : 0; }

}  // namespace flusso::pg
