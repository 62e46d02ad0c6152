#pragma once
// The logical replication messages of pgoutput, protocol versions 1 and 2, as values. Pure: bytes in, views out;
// hostile bytes give an error, never a crash.
//
//   B  final_lsn:8 time:8 xid:4                                begin
//   C  flags:1 commit_lsn:8 end_lsn:8 time:8                   commit
//   O  lsn:8 name\0                                            origin
//   R  oid:4 schema\0 name\0 identity:1 n:2 {flags:1 name\0 type:4 typmod:4}   relation
//   Y  oid:4 schema\0 name\0                                   type
//   I  oid:4 'N' tuple                                         insert
//   U  oid:4 ['K'|'O' tuple] 'N' tuple                         update
//   D  oid:4 'K'|'O' tuple                                     delete
//   T  n:4 flags:1 {oid:4}                                     truncate
//   M  flags:1 lsn:8 prefix\0 n:4 content                      logical message
//   tuple = n:2 {'n' | 'u' | 't' n:4 bytes}                    null, unchanged TOAST, text
//
// Version 2 adds, for transactions that are sent before they commit:
//
//   S  xid:4 first:1                                           a block of that transaction begins
//   E                                                          the block ends
//   c  xid:4 flags:1 commit_lsn:8 end_lsn:8 time:8             commit
//   A  xid:4 subxid:4                                          abort: of the whole where both are equal
//
//   S 727 1 │ R 727 … │ I 727 … │ I 728 … │ E │  other transactions  │ S 727 0 │ I 729 … │ E │ A 727 728 │ c 727 …
//
// Between S and E every R, Y, I, U, D, T and M carries xid:4 behind its tag, that of the innermost (sub)transaction; an
// O does not. split_streamed() takes it out. Any other tag (two-phase, never asked for) is an error. Thread: one per
// PgOutputMessage.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/change.h"
#include "model/ids.h"
#include "model/result.h"

namespace flusso::pg {

struct RelationColumn {
  bool key = false;  // part of the replica identity
  std::string_view name;
  std::uint32_t type = 0;
  std::int32_t modifier = -1;
};

using Tuple = std::vector<FieldText>;

// One decoded message. Reused from call to call, so that decoding allocates nothing in the long run; only the fields
// named for its kind mean anything. Views point into the decoded bytes.
struct PgOutputMessage {
  enum class Kind : char {
    begin = 'B',
    commit = 'C',
    origin = 'O',
    relation = 'R',
    type = 'Y',
    insert = 'I',
    update = 'U',
    remove = 'D',
    truncate = 'T',
    message = 'M',
    stream_start = 'S',
    stream_stop = 'E',
    stream_commit = 'c',
    stream_abort = 'A',
  };
  enum class OldRow : std::uint8_t {
    none,
    key,   // identity columns only: the others stand as null and mean nothing
    full,  // the whole row
  };

  Kind kind = Kind::begin;
  Xid xid;                               // begin; stream_start, _commit, _abort: the transaction as a whole
  Xid subxid;                            // stream_abort
  bool first_block = false;              // stream_start
  Lsn lsn;                               // begin: the commit's position; commit: its start; origin, message
  Lsn end_lsn;                           // commit, stream_commit
  std::uint32_t relation = 0;            // relation, insert, update, remove; type: the type's oid
  std::string_view schema;               // relation, type
  std::string_view name;                 // relation, type, origin; message: its prefix
  char identity = 'd';                   // relation: d, n, f, i
  std::vector<RelationColumn> columns;   // relation
  OldRow old_kind = OldRow::none;        // update, remove
  Tuple old_row;                         // update, remove
  Tuple new_row;                         // insert, update
  std::vector<std::uint32_t> relations;  // truncate
  std::string_view content;              // message
};

// Decodes one message in the form it has outside of a block. Errors: permanent pg.protocol, saying what is wrong, never
// the bytes.
Status decode_pgoutput(std::string_view bytes, PgOutputMessage& out);

// A message from between S and E: whose it is, and its two parts without that.
struct StreamedMessage {
  Xid xid;
  char tag = 0;
  std::string_view body;
};
// Errors: permanent pg.protocol for a tag that has no place there, and for one cut short.
Result<StreamedMessage> split_streamed(std::string_view bytes);

// The relation of a row message (I, U, D) outside of a block without decoding the row; absent for every other message.
std::optional<std::uint32_t> relation_of_row(std::string_view bytes);

}  // namespace flusso::pg
