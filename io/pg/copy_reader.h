#pragma once
// COPY … (FORMAT binary) as a stream of tuples:
//
//   "PGCOPY\n\377\r\n\0"  int32 flags  int32 extension length  extension
//   { int16 field count  { int32 length (-1 = NULL)  bytes } } …
//   int16 -1
//
// Data arrives in pieces that may end anywhere; a piece that holds whole tuples is parsed in place. The stream comes
// from outside: every length is checked before it is used, and nothing is allocated on its word alone. Thread: one.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace flusso::pg {

class CopyReader {
 public:
  using Fields = std::vector<std::optional<std::string_view>>;  // valid during the call
  using OnTuple = std::function<Status(const Fields& fields)>;
  static constexpr std::uint32_t kMaxFieldBytes = 1U << 30;  // Postgres' own limit of a value

  // Tuples must have exactly `columns` fields.
  CopyReader(std::uint16_t columns, OnTuple on_tuple);

  // Errors: permanent pg.copy_format; those of `on_tuple`. After an error the reader must not be used again.
  Status feed(std::string_view data);
  // Call at the end of the stream: pg.copy_format unless the trailer was seen.
  Status finish() const;

 private:
  enum class State : std::uint8_t { header, tuples, done };
  // Consumes what is complete; returns how many bytes.
  Result<std::size_t> consume(std::string_view data);
  Result<std::size_t> header(std::string_view data);
  Result<std::size_t> tuple(std::string_view data);  // 0 = incomplete

  const std::uint16_t columns_;
  OnTuple on_tuple_;
  State state_ = State::header;
  std::string rest_;  // an incomplete tuple from earlier pieces
  Fields fields_;
};

}  // namespace flusso::pg
