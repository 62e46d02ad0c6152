#include "io/pg/copy_reader.h"

namespace flusso::pg {
namespace {

constexpr std::string_view kSignature{"PGCOPY\n\377\r\n\0", 11};
constexpr std::size_t kHeaderBytes = kSignature.size() + 8;
constexpr std::uint32_t kCriticalFlags = 0xFFFF0000U;
constexpr std::uint32_t kMaxExtensionBytes = 1U << 20;

std::uint32_t read_u32(std::string_view data, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(data[at + i]);
  return value;
}

std::uint16_t read_u16(std::string_view data, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(data[at]) << 8U |
                                    static_cast<unsigned char>(data[at + 1]));
}

tl::unexpected<Error> malformed(const char* what) {
  return fail(ErrorKind::permanent, "pg.copy_format", std::string("unexpected data in a COPY stream: ") + what);
}

}  // namespace

CopyReader::CopyReader(std::uint16_t columns, OnTuple on_tuple)
    : columns_(columns), on_tuple_(std::move(on_tuple)), fields_(columns) {}

Status CopyReader::feed(std::string_view data) {
  if (rest_.empty()) {
    FLUSSO_TRY_ASSIGN(const std::size_t used, consume(data));
    rest_.assign(data.substr(used));
    return {};
  }
  rest_.append(data);
  FLUSSO_TRY_ASSIGN(const std::size_t used, consume(rest_));
  rest_.erase(0, used);
  return {};
}

Status CopyReader::finish() const {
  if (state_ != State::done) return malformed("it ends before its trailer");
  return {};
}

Result<std::size_t> CopyReader::consume(std::string_view data) {
  std::size_t used = 0;
  while (used < data.size()) {
    if (state_ == State::done) return malformed("bytes after the trailer");
    auto step = state_ == State::header ? header(data.substr(used)) : tuple(data.substr(used));
    if (!step) return fail(std::move(step).error());
    if (*step == 0) break;
    used += *step;
  }
  return used;
}

Result<std::size_t> CopyReader::header(std::string_view data) {
  const std::string_view seen = data.substr(0, kSignature.size());
  if (seen != kSignature.substr(0, seen.size())) return malformed("no signature");
  if (data.size() < kHeaderBytes) return 0;
  if ((read_u32(data, kSignature.size()) & kCriticalFlags) != 0) return malformed("flags of an unknown version");
  const std::uint32_t extension = read_u32(data, kSignature.size() + 4);
  if (extension > kMaxExtensionBytes) return malformed("an oversized header");
  if (data.size() - kHeaderBytes < extension) return 0;
  state_ = State::tuples;
  return kHeaderBytes + extension;
}

Result<std::size_t> CopyReader::tuple(std::string_view data) {
  if (data.size() < 2) return 0;
  const std::uint16_t count = read_u16(data, 0);
  if (count == 0xFFFFU) {
    state_ = State::done;
    return 2;
  }
  if (count != columns_) return malformed("a tuple with another number of fields");
  std::size_t at = 2;
  for (std::uint16_t i = 0; i < count; ++i) {
    if (data.size() - at < 4) return 0;
    const std::uint32_t length = read_u32(data, at);
    at += 4;
    if (length == 0xFFFFFFFFU) {
      fields_[i] = std::nullopt;
      continue;
    }
    if (length > kMaxFieldBytes) return malformed("an oversized field");
    if (data.size() - at < length) return 0;
    fields_[i] = data.substr(at, length);
    at += length;
  }
  FLUSSO_TRY(on_tuple_(fields_));
  return at;
}

}  // namespace flusso::pg
