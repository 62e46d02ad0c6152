// pgoutput, stream, reply: bytes from the network.

#include <algorithm>

#include "io/opensearch/reply_reader.h"
#include "io/pg/pgoutput.h"
#include "io/pg/stream_spool.h"
#include "tests/fuzz/entries.h"

namespace flusso::fuzz {

void pgoutput(std::string_view bytes) {
  // Reused as capture does it, so that what one message leaves behind meets the next.
  static pg::PgOutputMessage message;
  (void)pg::relation_of_row(bytes);
  if (const auto split = pg::split_streamed(bytes))
    require(split->body.data() + split->body.size() == bytes.data() + bytes.size(), "a body points into the message");
  const Status status = pg::decode_pgoutput(bytes, message);
  if (!status) {
    require(status.error().code == "pg.protocol", "a malformed message is a protocol error");
    return;
  }
  const auto inside = [&](std::string_view view) {
    return view.empty() || view == "pg_catalog" ||
           (view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
  };
  using Kind = pg::PgOutputMessage::Kind;
  if (message.kind == Kind::relation) {
    require(inside(message.schema) && inside(message.name), "names point into the message");
    for (const pg::RelationColumn& column : message.columns) require(inside(column.name), "columns point into it");
  }
  if (message.kind == Kind::insert || message.kind == Kind::update)
    for (const FieldText& field : message.new_row) require(inside(field.text), "new values point into it");
  if (message.old_kind != pg::PgOutputMessage::OldRow::none)
    for (const FieldText& field : message.old_row) require(inside(field.text), "old values point into it");
}

namespace {

// Everything that a committed transaction gives back.
void hand_back(pg::StreamSpool& spool) {
  char last = '\0';
  for (bool first = true; spool.replaying(); first = false) {
    const auto frame = spool.replay();
    require(frame.has_value() && !frame->empty(), "what was kept can be read");
    last = frame->front();
    require(first == (last == 'B'), "a transaction begins once, at its beginning");
    require(std::string_view("BRYIUDTMC").find(last) != std::string_view::npos, "plain messages come back");
  }
  require(last == 'C', "a transaction ends with its commit");
}

}  // namespace

void stream(std::string_view bytes) {
  constexpr std::uint64_t kMemory = 2048;
  const std::size_t length = bytes.size();
  pg::StreamSpool spool({pg::default_spill_folder(), kMemory});
  while (bytes.size() >= 2) {
    const std::size_t size = static_cast<unsigned char>(bytes[0]) * 256U + static_cast<unsigned char>(bytes[1]);
    const std::string_view frame = bytes.substr(2, size);
    bytes.remove_prefix(2 + frame.size());
    const auto kept = spool.keep(frame);
    if (!kept) {
      require(kept.error().code == "pg.protocol", "a malformed stream is a protocol error");
      return;
    }
    require(spool.memory() <= kMemory + 512 * spool.open_transactions() + 2 * length, "memory is bounded");
    if (spool.replaying()) hand_back(spool);
  }
}

void reply(std::string_view bytes) {
  using namespace opensearch;
  for (const std::vector<unsigned>& actions :
       {std::vector<unsigned>{}, std::vector<unsigned>{1}, std::vector<unsigned>{2, 1}, std::vector<unsigned>(8, 1)}) {
    const BulkOutcome outcome = read_bulk_reply(bytes, bytes.size(), actions);
    require(outcome.items.size() == actions.size(), "every document has an outcome");
    for (const Outcome& item : outcome.items) require(item.reason.size() <= kMaxReasonBytes + 3, "a reason is bounded");
  }
  const std::string reason = error_reason(bytes);
  require(reason.size() <= kMaxReasonBytes + 3, "an error's reason is bounded");
  require(std::none_of(reason.begin(), reason.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }),
          "an error's reason is one line");
}

}  // namespace flusso::fuzz
