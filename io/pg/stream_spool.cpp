#include "io/pg/stream_spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "model/check.h"
#include "model/log.h"

namespace flusso::pg {
namespace {

constexpr Logger kSpoolLog{"capture"};
// What goes to disk in one go: large enough for sequential writes, small enough for feedback to leave in between.
constexpr std::uint64_t kSpillBytes = 8ULL << 20U;
// An open transaction counts at least this, so that their number is bounded too.
constexpr std::uint64_t kBytesPerTransaction = 512;
// More than any server runs at once (max_connections and max_prepared_transactions are far below).
constexpr std::size_t kMostOpen = 1U << 16U;

tl::unexpected<Error> out_of_order(std::string_view what) {
  return fail(ErrorKind::permanent, "pg.protocol", fmt::format("malformed stream of a large transaction: {}", what));
}

// The relation's oid, which every R frame begins with.
std::optional<std::uint32_t> oid_of_relation(std::string_view frame) {
  if (frame.size() < 5) return std::nullopt;
  std::uint32_t oid = 0;
  for (const char byte : frame.substr(1, 4)) oid = oid << 8U | static_cast<unsigned char>(byte);
  return oid;
}

std::string_view bytes_of(const std::uint64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

}  // namespace

void StreamSpool::clear() {
  replay_.reset();
  block_ = nullptr;
  open_.clear();
  memory_ = 0;
  known_.clear();
}

std::uint64_t StreamSpool::memory() const { return memory_ + open_.size() * kBytesPerTransaction; }

Result<bool> StreamSpool::keep(std::string_view frame) {
  FLUSSO_CHECK(!replaying(), "a frame was taken off the wire before the last transaction was handed on");
  const char tag = frame.empty() ? '\0' : frame.front();
  if (std::string_view("SEcA").find(tag) == std::string_view::npos) {
    if (block_ != nullptr) {
      FLUSSO_TRY(keep_in_block(frame));
      return true;
    }
    if (tag == 'R' && !open_.empty())
      if (const auto oid = oid_of_relation(frame)) known_[*oid] = Relation{++arrivals_, std::string(frame)};
    return false;
  }
  FLUSSO_TRY(decode_pgoutput(frame, message_));
  if (message_.kind == PgOutputMessage::Kind::stream_stop) {
    if (block_ == nullptr) return out_of_order("a block ends that did not begin");
    block_ = nullptr;
    return true;
  }
  if (block_ != nullptr) return out_of_order("a block does not end");
  if (message_.kind == PgOutputMessage::Kind::stream_start)
    FLUSSO_TRY(begin_block(message_));
  else if (message_.kind == PgOutputMessage::Kind::stream_abort)
    abort(message_);
  else
    FLUSSO_TRY(commit(message_, frame));
  return true;
}

Status StreamSpool::begin_block(const PgOutputMessage& start) {
  const auto found = open_.find(start.xid.value);
  if (start.first_block != (found == open_.end()))
    return out_of_order(start.first_block ? "a transaction begins a second time" : "a transaction lacks its beginning");
  if (open_.size() >= kMostOpen) return out_of_order("too many of them are open");
  block_ = &open_[start.xid.value];
  return {};
}

Status StreamSpool::keep_in_block(std::string_view frame) {
  if (frame.starts_with('O')) return {};  // says where the transaction comes from; carries no id, and nobody asks
  FLUSSO_TRY_ASSIGN(const StreamedMessage message, split_streamed(frame));
  const std::uint64_t before = block_->frames.memory();
  const std::uint64_t arrival = message.tag == 'R' ? ++arrivals_ : 0;
  block_->frames.append(message.xid, message.tag, message.body,
                        message.tag == 'R' ? bytes_of(arrival) : std::string_view());
  memory_ += block_->frames.memory() - before;
  return make_room();
}

Status StreamSpool::make_room() {
  while (memory() > options_.memory_bytes) {
    const auto largest = std::max_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
      return a.second.frames.memory() < b.second.frames.memory();
    });
    FrameStore& frames = largest->second.frames;
    if (frames.memory() == 0) break;  // all that can go has gone
    if (frames.spilled() == 0)
      kSpoolLog.info("a large transaction outgrows memory and goes on in a file until it ends",
                     kv("xid", largest->first), kv("folder", options_.folder));
    const std::uint64_t before = frames.memory();
    FLUSSO_TRY(frames.spill(options_.folder, std::min(kSpillBytes, options_.memory_bytes / 2 + 1)));
    memory_ -= before - frames.memory();
  }
  return {};
}

void StreamSpool::abort(const PgOutputMessage& abort) {
  const auto found = open_.find(abort.xid.value);
  if (found == open_.end()) return;  // nothing of it is here
  if (abort.xid == abort.subxid) return forget(found);
  XidSet& aborted = found->second.aborted;
  const std::size_t before = aborted.bytes();
  aborted.insert(abort.subxid);
  memory_ += aborted.bytes() - before;
}

Status StreamSpool::commit(const PgOutputMessage& commit, std::string_view frame) {
  const auto found = open_.find(commit.xid.value);
  if (found == open_.end()) return out_of_order("a transaction commits that was never begun");
  // c xid:4 flags:1 commit_lsn:8 end_lsn:8 time:8, cut and joined into what an unstreamed transaction looks like.
  Replay replay;
  replay.of = found;
  replay.begin.append("B").append(frame.substr(6, 8)).append(frame.substr(22, 8)).append(frame.substr(1, 4));
  replay.commit.append("C").append(frame.substr(5));
  replay_ = std::move(replay);
  if (const std::uint64_t spilled = found->second.frames.spilled(); spilled > 0)
    kSpoolLog.info("a large transaction has committed", kv("xid", commit.xid.value), kv("bytes_in_file", spilled));
  return {};
}

void StreamSpool::forget(Open::iterator transaction) {
  memory_ -= transaction->second.frames.memory() + transaction->second.aborted.bytes();
  open_.erase(transaction);
  if (open_.empty()) known_.clear();
}

std::string_view StreamSpool::replayed_relation(std::string_view stored) {
  std::uint64_t arrival = 0;
  const std::string_view frame = stored.substr(0, stored.size() - sizeof arrival);
  std::memcpy(&arrival, stored.data() + frame.size(), sizeof arrival);
  const auto oid = oid_of_relation(frame);
  if (!oid) return frame;
  std::vector<std::uint32_t>& outdated = replay_->outdated;
  std::erase(outdated, *oid);
  Relation& known = known_[*oid];
  if (known.arrival > arrival)
    outdated.push_back(*oid);
  else
    known = Relation{arrival, std::string(frame)};
  return frame;
}

Result<std::string_view> StreamSpool::replay() {
  using Stage = Replay::Stage;
  FLUSSO_CHECK(replaying(), "no transaction has committed");
  if (replay_->stage == Stage::begin) {
    replay_->stage = Stage::frames;
    return std::string_view(replay_->begin);
  }
  Transaction& transaction = replay_->of->second;
  while (replay_->stage == Stage::frames) {
    const std::uint64_t before = transaction.frames.memory();
    FLUSSO_TRY_ASSIGN(const std::optional<StoredFrame> frame, transaction.frames.next());
    memory_ -= before - transaction.frames.memory();
    if (!frame)
      replay_->stage = Stage::end;
    else if (!transaction.aborted.contains(frame->xid))
      return frame->bytes.starts_with('R') ? replayed_relation(frame->bytes) : frame->bytes;
  }
  if (!replay_->outdated.empty()) {
    last_ = known_[replay_->outdated.back()].frame;
    replay_->outdated.pop_back();
    return std::string_view(last_);
  }
  last_ = std::move(replay_->commit);
  forget(replay_->of);
  replay_.reset();
  return std::string_view(last_);
}

}  // namespace flusso::pg
