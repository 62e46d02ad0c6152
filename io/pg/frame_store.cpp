#include "io/pg/frame_store.h"

#include <algorithm>
#include <cstring>

#include "model/check.h"

namespace flusso::pg {
namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;

struct RecordHead {
  std::uint32_t xid = 0;
  std::uint32_t length = 0;
};

RecordHead head_at(std::string_view bytes) {
  RecordHead head;
  std::memcpy(&head, bytes.data(), sizeof head);
  return head;
}

}  // namespace

void FrameStore::append(Xid xid, char tag, std::string_view body, std::string_view trailer) {
  const std::size_t length = 1 + body.size() + trailer.size();
  const std::size_t record = sizeof(RecordHead) + length;
  if (chunks_.empty() || chunks_.back().size() + record > kChunkBytes) {
    const bool first = chunks_.empty();  // grows as needed: most transactions are short
    chunks_.emplace_back();
    if (!first) chunks_.back().reserve(std::max(kChunkBytes, record));
    memory_ += chunks_.back().capacity();
  }
  std::string& chunk = chunks_.back();
  const std::size_t before = chunk.capacity();
  // One frame is at most 1 GiB: the server's limit on a message, and libpq's.
  const RecordHead head{xid.value, static_cast<std::uint32_t>(length)};
  chunk.append(reinterpret_cast<const char*>(&head), sizeof head);
  chunk += tag;
  chunk.append(body).append(trailer);
  memory_ += chunk.capacity() - before;
}

void FrameStore::drop_front_chunk() {
  memory_ -= chunks_.front().capacity();
  chunks_.pop_front();
}

Status FrameStore::spill(const std::string& folder, std::uint64_t bytes) {
  if (!file_) {
    FLUSSO_TRY_ASSIGN(file_, SpillFile::create(folder));
  }
  std::uint64_t freed = 0;
  while (freed < bytes && !chunks_.empty()) {
    FLUSSO_TRY(file_->append(chunks_.front()));
    freed += chunks_.front().capacity();
    drop_front_chunk();
  }
  return {};
}

Status FrameStore::fill_window(std::size_t bytes) {
  if (window_.size() - window_position_ >= bytes) return {};
  window_.erase(0, window_position_);
  window_position_ = 0;
  const std::size_t had = window_.size();
  const std::uint64_t left = file_->size() - file_position_;
  FLUSSO_CHECK(left >= bytes - had, "a record of a spilled transaction ends behind its file");
  window_.resize(had + static_cast<std::size_t>(std::min<std::uint64_t>(left, std::max(bytes - had, kChunkBytes))));
  FLUSSO_TRY(file_->read(file_position_, window_.data() + had, window_.size() - had));
  file_position_ += window_.size() - had;
  return {};
}

Result<std::optional<StoredFrame>> FrameStore::next() {
  if (file_ && (file_position_ < file_->size() || window_position_ < window_.size())) {
    FLUSSO_TRY(fill_window(sizeof(RecordHead)));
    const std::size_t record = sizeof(RecordHead) + head_at(std::string_view(window_).substr(window_position_)).length;
    FLUSSO_TRY(fill_window(record));
    const std::string_view bytes = std::string_view(window_).substr(window_position_, record);
    window_position_ += record;
    return StoredFrame{Xid{head_at(bytes).xid}, bytes.substr(sizeof(RecordHead))};
  }
  if (!chunks_.empty() && chunk_position_ == chunks_.front().size()) {
    drop_front_chunk();
    chunk_position_ = 0;
  }
  if (chunks_.empty()) return std::optional<StoredFrame>{};
  const std::string_view rest = std::string_view(chunks_.front()).substr(chunk_position_);
  const RecordHead head = head_at(rest);
  chunk_position_ += sizeof head + head.length;
  return StoredFrame{Xid{head.xid}, rest.substr(sizeof head, head.length)};
}

}  // namespace flusso::pg
