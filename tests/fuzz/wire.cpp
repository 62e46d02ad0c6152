// pgoutput, reply: bytes from the network.

#include <algorithm>

#include "io/opensearch/reply_reader.h"
#include "io/pg/pgoutput.h"
#include "tests/fuzz/entries.h"

namespace flusso::fuzz {

void pgoutput(std::string_view bytes) {
  // Reused as capture does it, so that what one message leaves behind meets the next.
  static pg::PgOutputMessage message;
  (void)pg::relation_of_row(bytes);
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
