#pragma once
// Transactions that the server sends before they commit (pgoutput version 2) are kept here until they do, and then
// handed back as if they had come whole: begin, relations and changes in their order, commit, without what rolled-back
// subtransactions did. Nobody above knows that they were streamed.
//
//   keep(frame)                      S … E   appended to that transaction
//                                    A       a subtransaction is crossed out, or the transaction forgotten
//                                    c       replaying() from now on; the reader takes nothing off the wire meanwhile
//                                    others  not kept: they are the reader's
//   replay() until !replaying()      B  (R Y I U D T M)…  (R)…  C
//
// All open transactions together hold `memory_bytes` of memory at most; the oldest frames of the largest go to a file.
// A relation is described once per streamed transaction, again after every abort in it: the description belongs to the
// transaction. Where the reader learned a newer one of the same table while the transaction was open, that is repeated
// before the commit, because the server will not send it again.
// Thread: one (capture).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/pg/frame_store.h"
#include "io/pg/pgoutput.h"
#include "io/pg/xid_set.h"
#include "model/result.h"

namespace flusso::pg {

struct SpoolOptions {
  std::string folder;  // of the files
  std::uint64_t memory_bytes = 64ULL << 20U;
};

class StreamSpool {
 public:
  explicit StreamSpool(SpoolOptions options) : options_(std::move(options)) {}

  // Takes a frame off the wire: true when it was one of a streamed transaction, false when it is the reader's own. Not
  // to be called while replaying. Errors: permanent pg.protocol; pg.spill, naming folder and cure.
  Result<bool> keep(std::string_view frame);
  // Whether frames of the wire carry a transaction id behind their tag.
  bool in_block() const { return block_ != nullptr; }

  bool replaying() const { return replay_.has_value(); }
  // The next frame of the transaction that has committed; valid until the next call. Errors: pg.spill.
  Result<std::string_view> replay();

  // Forgets everything, for a new stream.
  void clear();

  // Bytes of memory that open transactions hold.
  std::uint64_t memory() const;
  std::size_t open_transactions() const { return open_.size(); }

 private:
  struct Transaction {
    FrameStore frames;
    XidSet aborted;
  };
  using Open = std::map<std::uint32_t, Transaction>;  // by the top transaction's id
  struct Replay {
    enum class Stage { begin, frames, end };
    Stage stage = Stage::begin;
    Open::iterator of;
    std::string begin, commit;
    std::vector<std::uint32_t> outdated;  // relations that the reader had in a newer form
  };
  struct Relation {
    std::uint64_t arrival = 0;
    std::string frame;
  };

  Status begin_block(const PgOutputMessage& start);
  Status keep_in_block(std::string_view frame);
  void abort(const PgOutputMessage& abort);
  Status commit(const PgOutputMessage& commit, std::string_view frame);
  Status make_room();
  // A relation of the transaction being replayed; gives the frame without its trailer.
  std::string_view replayed_relation(std::string_view stored);
  void forget(Open::iterator transaction);

  const SpoolOptions options_;
  Open open_;
  Transaction* block_ = nullptr;  // between S and E
  std::uint64_t memory_ = 0;      // of all frames and sets
  std::optional<Replay> replay_;
  std::string last_;  // what the last call of replay() showed, where nothing else holds it

  // What the reader knows of relations that were described while some streamed transaction was open, and the order in
  // which descriptions arrived.
  std::unordered_map<std::uint32_t, Relation> known_;
  std::uint64_t arrivals_ = 0;
  PgOutputMessage message_;
};

}  // namespace flusso::pg
