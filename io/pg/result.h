#pragma once
// Rows of one statement as views into libpq's memory. libpq's types stay out of this header.
// Thread: one.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "model/ids.h"

struct pg_result;

namespace flusso::pg {

struct ClearResult {
  void operator()(pg_result* result) const noexcept;
};
using ResultHandle = std::unique_ptr<pg_result, ClearResult>;

// Views live as long as the Rows. Rows and columns count from 0; a position outside reads as NULL.
class Rows {
 public:
  Rows() = default;
  explicit Rows(ResultHandle result) : result_(std::move(result)) {}

  int size() const;
  bool empty() const { return size() == 0; }
  int columns() const;
  bool is_null(int row, int column) const;
  // The text as Postgres wrote it; empty for NULL.
  std::string_view text(int row, int column) const;
  std::string string(int row, int column) const { return std::string(text(row, column)); }
  // 0 when the text is no such number.
  std::int64_t integer(int row, int column) const;
  std::uint64_t unsigned_integer(int row, int column) const;
  // 0 when the text is no object identifier (or another number of 32 bits).
  std::uint32_t oid(int row, int column) const { return static_cast<std::uint32_t>(unsigned_integer(row, column)); }
  // The only character of a "char" column; 0 for an empty text and for NULL.
  char letter(int row, int column) const;
  double number(int row, int column) const;
  bool boolean(int row, int column) const { return text(row, column) == "t"; }
  // 0/0 when the text is no position.
  Lsn lsn(int row, int column) const;
  // Rows touched by an INSERT, UPDATE or DELETE.
  std::uint64_t affected() const;

 private:
  ResultHandle result_;
};

}  // namespace flusso::pg
