#pragma once
// A simulated Postgres: three tables with row versions, a WAL of committed transactions, and visibility apart from it:
// a transaction can be decoded before a snapshot sees it. Reads happen at the moment of the call ("one event"); whoever
// reads carries the result around and delivers it later.
//
// It also keeps the truth: for every document how its content changed, by which transaction and when that became
// visible.
//
//   parents(id, label)  ◀─ children(id, parent_id, val)  ◀─ items(id, child_id, val)
//   index 0 "families": parents with children with items      index 1 "kids": children with their parent
//
// Thread: one.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/change.h"
#include "model/plan.h"
#include "model/ports/source.h"
#include "tests/sim/random.h"

namespace flusso::sim {

inline constexpr std::size_t kTables = 3;
inline constexpr std::size_t kIndexes = 2;
inline constexpr std::uint64_t kNever = UINT64_MAX;
enum Table : std::uint8_t { parents, children, items };

struct Row {
  int id = 0;
  int ref = 0;  // children: parent_id, items: child_id
  std::string text;
};

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
  std::uint64_t visible_at = kNever;  // event number
  bool in_stream = true;              // false: committed before the slot was consistent
};

// One moment in the life of a document.
struct Fact {
  std::uint64_t event = 0;  // when it became visible
  Lsn lsn;                  // of the transaction that made it so
  std::optional<std::string> content;
};

class SimSource {
 public:
  explicit SimSource(std::uint64_t first_xid = 700) : next_xid_(first_xid) {}

  // ---- writing ----
  // Commits changes; they become visible now or when make_visible is called.
  enum class Visible { now, later };
  std::size_t commit(std::vector<RowChange> rows, Visible visible, std::uint64_t event);
  // Changes of a table that was not in the publication yet; visible later.
  void commit_unpublished(std::vector<RowChange> rows, std::uint64_t event) {
    wal_[commit(std::move(rows), Visible::later, event)].in_stream = false;
  }
  void make_visible(std::size_t transaction, std::uint64_t event);
  // A random transaction over rows that no invisible transaction has touched.
  std::vector<RowChange> random_changes(Random& random);
  RowChange put(Table table, Row row) const;  // insert or update, as the row exists or not
  RowChange remove(Table table, int id) const;
  bool has(Table table, int id) const { return current(table, id) != nullptr; }
  // Activity outside our tables moves the WAL on.
  void other_activity(std::uint64_t bytes) { wal_end_ += bytes; }
  // VACUUM FULL: rows move, nothing is decoded, the file is a new one.
  void rewrite(Random& random);

  // ---- reading, at this moment ----
  SnapshotXids snapshot() const;
  std::optional<std::string> document(std::size_t index, int key) const;
  std::vector<int> scan(std::size_t index, const Chunk& chunk) const;
  // Keys of `path`'s root for values of changed rows, hop by hop.
  std::vector<std::string> look_up(const LookupPath& path, const std::vector<std::string>& values) const;
  ChunkPlan plan_chunks(std::size_t index, Random& random) const;
  std::uint32_t filenode() const { return filenode_; }

  // ---- stream and slot ----
  const std::vector<Transaction>& wal() const { return wal_; }
  Lsn wal_end() const { return Lsn{wal_end_}; }
  void create_slot();
  Lsn slot_start() const { return slot_start_; }
  std::uint64_t next_xid() const { return next_xid_; }
  bool all_visible() const { return invisible_.empty(); }
  const std::vector<std::size_t>& invisible() const { return invisible_; }

  // ---- truth ----
  const std::map<int, std::vector<Fact>>& facts(std::size_t index) const { return facts_[index]; }
  // The event from which on a read knows everything that transactions up to `confirmed` did to the document; 0 = from
  // the start.
  std::uint64_t needed(std::size_t index, int key, Lsn confirmed) const;
  // Was the content like that at some moment since `event`?
  bool held_since(std::size_t index, int key, std::uint64_t event, const std::optional<std::string>& content) const;
  // Was there a moment since `event` when the document could not be built or would be refused?
  bool spoilt_since(std::size_t index, int key, std::uint64_t event) const;
  // Does the stream hold a change of the document above that position?
  bool changes_after(std::size_t index, int key, Lsn position) const;

 private:
  struct Version {
    std::uint64_t xid = 0;
    bool deleted = false;
    Row row;
    int page = 0;
  };
  struct Current {
    const Row* row = nullptr;
    int page = 0;
  };
  const Version* latest(Table table, int id) const;   // committed, visible or not
  const Version* visible(Table table, int id) const;  // to a snapshot taken now
  const Row* current(Table table, int id) const;
  bool is_visible(std::uint64_t xid) const;
  template <class Matches>
  bool any_since(std::size_t index, int key, std::uint64_t event, Matches&& matches) const;
  void note_truth(Lsn lsn, std::uint64_t event);

  std::map<int, std::vector<Version>> rows_[kTables];
  std::vector<Transaction> wal_;
  std::vector<std::size_t> invisible_;  // positions in wal_
  std::map<int, std::vector<Fact>> facts_[kIndexes];
  std::uint64_t next_xid_;
  std::uint64_t wal_end_ = 100;
  Lsn slot_start_;
  std::uint32_t filenode_ = 1;
};

// The plan of the given indexes (0, 1) in that order. The replica identity of children and items carries their foreign
// key.
Plan make_plan(const std::vector<std::size_t>& indexes);
// A tuple's fields as replication sends them, aligned with the plan's columns of its table. `identity_only`: an old
// tuple.
std::vector<std::optional<std::string>> fields_of(const TablePlan& table, const Row& row, bool identity_only);
std::string_view table_name(Table table);
std::string describe(const std::vector<RowChange>& rows);

inline bool is_broken(const std::string& content) {
  return content.find("broken") != std::string::npos;
}  // cannot be built
inline bool is_refused(const std::string& content) {
  return content.find("refused") != std::string::npos;
}  // the sink rejects it

}  // namespace flusso::sim
