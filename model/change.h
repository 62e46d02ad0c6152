#pragma once
// What happened in the source, reduced to what the plan looks at. A ChangeBatch keeps all texts of its changes in one
// buffer: no allocation per change.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/budget.h"
#include "model/ids.h"

namespace flusso {

// One column of a tuple as replication sent it.
struct FieldText {
  enum class State : std::uint8_t {
    missing,  // not in this tuple: outside the replica identity of an old tuple
    null,
    unchanged,  // TOASTed and not sent
    text,
  } state = State::missing;
  std::string_view text;
};

enum class ChangeOp : std::uint8_t { insert, update, remove };

// One row event; the spans align with TablePlan::columns and live until the next call of ChangeCapture::next.
struct RowEvent {
  TableId table;
  ChangeOp op = ChangeOp::insert;
  const std::vector<FieldText>* old_fields = nullptr;  // null: no old tuple was sent
  const std::vector<FieldText>* new_fields = nullptr;  // null for a delete
};

// Why rows of a table may have changed, or will change, without telling which documents they are in.
enum class GapReason : std::uint8_t {
  truncated,
  identity_narrowed,   // old rows carry less than the plan was promised: "no old row" no longer means "unchanged"
  definition_changed,  // a column of the plan is gone or has another type
};
struct TableGap {
  TableId table;
  GapReason reason = GapReason::truncated;
  Xid xid;  // of the transaction that it stands in
  bool operator==(const TableGap&) const = default;
};

struct ChangeBatch {
  struct Field {
    FieldText::State state = FieldText::State::missing;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };
  struct Change {
    TableId table;
    ChangeOp op = ChangeOp::insert;
    std::int32_t old_fields = -1;  // first position in `fields`, -1 = no such tuple
    std::int32_t new_fields = -1;
  };

  GroupSeq seq;
  std::vector<Change> changes;
  std::vector<Field> fields;
  std::string texts;
  std::vector<Xid> xids;       // transactions whose commit is in this batch or will follow: all must be visible
  std::optional<Lsn> end_lsn;  // what may be confirmed once this group and all before it are durable
  std::vector<TableGap> gaps;
  Lease lease;

  FieldText field(std::int32_t tuple, std::uint16_t column) const {
    const Field& f = fields[static_cast<std::size_t>(tuple) + column];
    return FieldText{f.state, std::string_view(texts).substr(f.offset, f.length)};
  }
};

}  // namespace flusso
