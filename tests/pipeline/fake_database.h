#pragma once
// An in-memory Postgres: three tables with row versions, a WAL of committed transactions, one replication slot, and
// visibility apart from commit: a transaction may be delivered some milliseconds before any snapshot sees it.
//
//   parents(id, text)  ◀─ children(id, parent_id, text)  ◀─ items(id, child_id, text)
//   families: parents with children with items (an item leads to its parent by a lookup)
//   kids: children with their parent (a parent leads to its kids by a lookup)
//
// It also keeps the truth: what every document was, from when on, and which position made it so.
// Thread: any.

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/change.h"
#include "model/clock.h"
#include "model/plan.h"
#include "model/ports/source.h"

namespace flusso::fakes {

enum Table : std::uint8_t { parents, children, items };
inline constexpr std::size_t kTables = 3;
enum Document : std::uint8_t { families, kids };
inline constexpr std::size_t kDocuments = 2;

struct Row {
  int id = 0;
  int ref = 0;  // children: parent_id, items: child_id
  std::string text;
};
struct Edit {
  enum class Kind : std::uint8_t { put, remove, rename } kind = Kind::put;
  Table table = parents;
  Row row;         // remove: only the id
  int new_id = 0;  // rename
};
inline Edit put(Table table, int id, int ref, std::string text) {
  return Edit{Edit::Kind::put, table, Row{id, ref, std::move(text)}, 0};
}
inline Edit put(int id, std::string text) { return put(parents, id, 0, std::move(text)); }
inline Edit drop(Table table, int id) { return Edit{Edit::Kind::remove, table, Row{id, 0, {}}, 0}; }

struct RowChange {
  Table table = parents;
  ChangeOp op = ChangeOp::insert;
  Row before;  // update, remove
  Row after;   // insert, update
};
struct Transaction {
  std::uint64_t xid = 0;
  Lsn end;
  std::vector<RowChange> rows;
  std::vector<Table> truncated;
  bool in_stream = true;  // false: committed before the slot was made
};
struct Slot {
  bool exists = false;
  std::string invalid = {};  // why it delivers nothing any more
  Lsn confirmed;
  Lsn checkpointed;  // where it stands again after the server crashed
  Lsn delivered;     // end of the last transaction that a capture has handed over
};

class FakeDatabase {
 public:
  // ---- writing ----
  Lsn commit(const std::vector<Edit>& edits, Millis invisible_for = Millis{0});
  Lsn truncate(Table table);
  // Activity outside our tables moves the WAL on.
  void other_activity();
  // VACUUM FULL of every table: nothing is decoded, chunks planned before are void.
  void rewrite();

  // ---- reading, at this moment ----
  SnapshotXids snapshot();
  std::optional<std::string> document(Document which, int id);
  std::vector<std::optional<std::string>> documents(Document which, const std::vector<std::string>& keys);
  // Key and content of the rows with from <= id < to.
  std::vector<std::pair<int, std::string>> scan(Document which, int from, int to);
  std::map<std::string, std::string> all_documents(Document which);
  std::vector<std::string> look_up(const LookupPath& path, const std::vector<std::string>& values);
  std::vector<int> ids(Table table);
  std::uint32_t filenode();
  Lsn wal_end();
  std::uint64_t next_xid();
  bool all_visible_below(std::uint64_t xid);

  // ---- slot and stream ----
  Slot slot();
  // Makes the slot at the end of the WAL if there is none; true when it was made.
  bool ensure_slot();
  void drop_slot();
  void invalidate_slot(std::string why);
  // A new slot position without flusso: somebody else consumed, or the server fell back to its last checkpoint.
  void move_slot(Lsn confirmed);
  void checkpoint();
  void confirm(Lsn lsn);
  // A capture begins to read, or will, at the confirmed position.
  void begin_stream();
  void note_delivered(Lsn end);
  // The first transaction of the stream that ends above `after`.
  std::optional<Transaction> next_transaction(Lsn after);
  // Waits until the WAL has grown beyond `after`, interrupt() is called, or `until` has come.
  void wait_for_wal(Lsn after, std::uint64_t& interrupts_seen, SteadyTime until);
  void interrupt();

  // ---- truth ----
  // Documents that transactions in (after, up_to] changed.
  std::set<std::pair<Document, int>> changed_between(Lsn after, Lsn up_to);
  // Was `stored` the document's content at some moment since everything up to `confirmed` was visible in it? Documents
  // that could not be built, or are refused by sinks, at some such moment may hold anything, and so may those that a
  // TRUNCATE changed since: they are a debt of the next generation. A lookup runs in a later snapshot: where a change
  // that is not confirmed yet has moved the way away, that one owes the document, and it may be older. What was
  // committed before the slot was made is owed by the seed, and in a generation under construction so is a document
  // that may be as old as something up to `owed_by_seed`: it may not be there yet.
  bool is_fresh(Document which, int id, Lsn confirmed, const std::optional<std::string>& stored,
                std::optional<Lsn> owed_by_seed);
  // A TRUNCATE has changed it: a sink that keeps no generations is never told.
  bool was_truncated(Document which, int id);
  // It could not be built once, or sinks refused it: no document tells then which rows it would have held.
  bool was_left_out(Document which, int id);
  // A line for people: the document's history.
  std::string history(Document which, int id);

 private:
  struct Version {
    std::uint64_t xid = 0;
    bool deleted = false;
    Row row;
  };
  struct Fact {
    std::size_t position = 0;  // in wal_, of the transaction that made it visible
    Lsn lsn;                   // kNever: nothing has to follow it (a truncate)
    bool named = false;        // a row of the transaction names the document itself: no lookup leads to it
    std::optional<std::string> content;
  };
  struct Invisible {
    SteadyTime until;
    std::size_t position = 0;  // in wal_
  };
  using Lock = std::scoped_lock<std::mutex>;

  // With the mutex held.
  void advance();
  void make_visible(std::size_t position, std::set<std::pair<Document, int>> documents);
  bool is_visible(std::uint64_t xid) const;
  const Row* visible(Table table, int id) const;
  std::optional<std::string> content(Document which, int id) const;
  void affected(const Transaction& transaction, std::set<std::pair<Document, int>>& out) const;
  void affected(Table table, const Row& row, std::set<std::pair<Document, int>>& out) const;
  static std::set<std::pair<Document, int>> named(const Transaction& transaction);
  void set_row(Table table, std::uint64_t xid, bool deleted, Row row);
  Lsn log(Transaction transaction, Millis invisible_for);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t interrupts_ = 0;
  std::map<int, Row> latest_[kTables];  // committed, visible or not
  std::map<int, std::vector<Version>> versions_[kTables];
  std::vector<Transaction> wal_;
  std::vector<Invisible> invisible_;  // by time
  std::map<std::pair<int, int>, SteadyTime> row_visible_at_;
  SteadyTime none_visible_before_{};  // after a truncate
  std::map<int, std::vector<Fact>> facts_[kDocuments];
  std::map<std::uint64_t, std::set<std::pair<Document, int>>> changed_by_;  // by end LSN
  std::uint64_t next_xid_ = 700;
  std::uint64_t wal_end_ = 1000;
  std::uint32_t filenode_ = 1;
  Slot slot_;
};

// "broken" documents cannot be built, "refused" ones are rejected by every sink.
inline bool is_broken(const std::string& content) { return content.find("broken") != std::string::npos; }
inline bool is_refused(const std::string& content) { return content.find("refused") != std::string::npos; }

}  // namespace flusso::fakes
