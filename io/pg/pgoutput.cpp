#include "io/pg/pgoutput.h"

#include <fmt/format.h>

namespace flusso::pg {
namespace {

// Reads big-endian numbers and strings; after the first failure everything reads as zero and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool done() const { return ok_ && bytes_.empty(); }
  std::size_t left() const { return bytes_.size(); }

  std::string_view take(std::size_t count) {
    if (!ok_ || count > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  template <class Number>
  Number number() {
    std::uint64_t value = 0;
    for (const char c : take(sizeof(Number))) value = value << 8U | static_cast<unsigned char>(c);
    return static_cast<Number>(value);
  }
  char tag() { return number<char>(); }
  Lsn lsn() { return Lsn{number<std::uint64_t>()}; }
  std::string_view string() {
    const auto end = ok_ ? bytes_.find('\0') : std::string_view::npos;
    if (end == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    const std::string_view text = bytes_.substr(0, end);
    bytes_.remove_prefix(end + 1);
    return text;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorKind::permanent, "pg.protocol", fmt::format("malformed replication message: {}", what));
}

Status read_tuple(Reader& in, Tuple& out) {
  const auto count = in.number<std::uint16_t>();
  if (!in.ok() || count > in.left()) return malformed("column count of a row");  // a column takes at least one byte
  out.resize(count);
  for (FieldText& field : out) {
    switch (in.tag()) {
      case 'n':
        field = FieldText{FieldText::State::null, {}};
        break;
      case 'u':
        field = FieldText{FieldText::State::unchanged, {}};
        break;
      case 't': {
        const auto length = in.number<std::uint32_t>();
        field = FieldText{FieldText::State::text, in.take(length)};
        break;
      }
      default:
        return malformed("kind of a column value");
    }
    if (!in.ok()) return malformed("a column value is cut short");
  }
  return {};
}

Status read_relation(Reader& in, PgOutputMessage& out) {
  out.relation = in.number<std::uint32_t>();
  out.schema = in.string();
  out.name = in.string();
  out.identity = in.tag();
  const auto count = in.number<std::uint16_t>();
  if (!in.ok() || count > in.left()) return malformed("column count of a relation");
  if (out.schema.empty()) out.schema = "pg_catalog";  // how the server writes it
  out.columns.resize(count);
  for (RelationColumn& column : out.columns) {
    column.key = (in.number<std::uint8_t>() & 1U) != 0;
    column.name = in.string();
    column.type = in.number<std::uint32_t>();
    column.modifier = in.number<std::int32_t>();
  }
  return {};
}

Status read_old_row(Reader& in, char tag, PgOutputMessage& out) {
  out.old_kind = tag == 'K' ? PgOutputMessage::OldRow::key : PgOutputMessage::OldRow::full;
  return read_tuple(in, out.old_row);
}

Status read_update(Reader& in, PgOutputMessage& out) {
  out.relation = in.number<std::uint32_t>();
  char tag = in.tag();
  if (tag == 'K' || tag == 'O') {
    FLUSSO_TRY(read_old_row(in, tag, out));
    tag = in.tag();
  }
  if (tag != 'N') return malformed("an update without a new row");
  return read_tuple(in, out.new_row);
}

Status read_truncate(Reader& in, PgOutputMessage& out) {
  const auto count = in.number<std::uint32_t>();
  in.number<std::uint8_t>();
  if (!in.ok() || count > in.left() / sizeof(std::uint32_t)) return malformed("relation count of a truncate");
  out.relations.resize(count);
  for (std::uint32_t& relation : out.relations) relation = in.number<std::uint32_t>();
  return {};
}

Status read_body(Reader& in, PgOutputMessage& out) {
  using Kind = PgOutputMessage::Kind;
  switch (out.kind) {
    case Kind::begin:
      out.lsn = in.lsn();
      in.number<std::uint64_t>();
      out.xid = Xid{in.number<std::uint32_t>()};
      return {};
    case Kind::commit:
      in.number<std::uint8_t>();
      out.lsn = in.lsn();
      out.end_lsn = in.lsn();
      in.number<std::uint64_t>();
      return {};
    case Kind::origin:
      out.lsn = in.lsn();
      out.name = in.string();
      return {};
    case Kind::relation:
      return read_relation(in, out);
    case Kind::type:
      out.relation = in.number<std::uint32_t>();
      out.schema = in.string();
      out.name = in.string();
      return {};
    case Kind::insert:
      out.relation = in.number<std::uint32_t>();
      if (in.tag() != 'N') return malformed("an insert without a row");
      return read_tuple(in, out.new_row);
    case Kind::update:
      return read_update(in, out);
    case Kind::remove: {
      out.relation = in.number<std::uint32_t>();
      const char tag = in.tag();
      if (tag != 'K' && tag != 'O') return malformed("a delete without an old row");
      return read_old_row(in, tag, out);
    }
    case Kind::truncate:
      return read_truncate(in, out);
    case Kind::message:
      in.number<std::uint8_t>();
      out.lsn = in.lsn();
      out.name = in.string();
      out.content = in.take(in.number<std::uint32_t>());
      return {};
    case Kind::stream_start:
      out.xid = Xid{in.number<std::uint32_t>()};
      out.first_block = in.number<std::uint8_t>() != 0;
      return {};
    case Kind::stream_stop:
      return {};
    case Kind::stream_commit:
      out.xid = Xid{in.number<std::uint32_t>()};
      in.number<std::uint8_t>();
      out.lsn = in.lsn();
      out.end_lsn = in.lsn();
      in.number<std::uint64_t>();
      return {};
    case Kind::stream_abort:
      out.xid = Xid{in.number<std::uint32_t>()};
      out.subxid = Xid{in.number<std::uint32_t>()};
      return {};
  }
  return malformed("unknown tag");
}

}  // namespace

Status decode_pgoutput(std::string_view bytes, PgOutputMessage& out) {
  Reader in(bytes);
  const char tag = in.tag();
  if (!in.ok()) return malformed("it is empty");
  if (std::string_view("BCORYIUDTMSEcA").find(tag) == std::string_view::npos)
    return malformed(fmt::format("unknown tag {:#04x}", static_cast<unsigned char>(tag)));
  out.kind = static_cast<PgOutputMessage::Kind>(tag);
  out.old_kind = PgOutputMessage::OldRow::none;
  FLUSSO_TRY(read_body(in, out));
  if (!in.ok()) return malformed("it is cut short");
  if (!in.done()) return malformed("bytes are left over");
  return {};
}

Result<StreamedMessage> split_streamed(std::string_view bytes) {
  Reader in(bytes);
  StreamedMessage out;
  out.tag = in.tag();
  if (in.ok() && std::string_view("RYIUDTM").find(out.tag) == std::string_view::npos)
    return malformed(fmt::format("tag {:#04x} inside of a streamed transaction", static_cast<unsigned char>(out.tag)));
  out.xid = Xid{in.number<std::uint32_t>()};
  if (!in.ok()) return malformed("it is cut short");
  out.body = in.take(in.left());
  return out;
}

std::optional<std::uint32_t> relation_of_row(std::string_view bytes) {
  if (bytes.size() < 5 || (bytes[0] != 'I' && bytes[0] != 'U' && bytes[0] != 'D')) return std::nullopt;
  Reader in(bytes.substr(1));
  return in.number<std::uint32_t>();
}

}  // namespace flusso::pg
