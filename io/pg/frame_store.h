#pragma once
// The frames of one streamed transaction in the order in which they came: the newest in memory, the older ones in a
// file as soon as somebody asks for their memory back. Written to its end first, read from its beginning afterwards.
//
//   record = xid:4 length:4 bytes      in this machine's byte order; `length` bytes follow
//
// Thread: one.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "io/pg/spill_file.h"
#include "model/ids.h"
#include "model/result.h"

namespace flusso::pg {

struct StoredFrame {
  Xid xid;
  std::string_view bytes;
};

class FrameStore {
 public:
  // Bytes of memory that the frames take.
  std::uint64_t memory() const { return memory_; }
  // Bytes that went to the file.
  std::uint64_t spilled() const { return file_ ? file_->size() : 0; }

  // Puts a frame of three parts at the end.
  void append(Xid xid, char tag, std::string_view body, std::string_view trailer);
  // Moves the oldest frames to a file in `folder`: at least `bytes` of memory, or all there is. Errors: pg.spill.
  Status spill(const std::string& folder, std::uint64_t bytes);

  // The next frame from the beginning, gone from memory with the call after; nothing at the end. Nothing may be
  // appended or spilled once reading has begun. Errors: pg.spill when the file cannot be read.
  Result<std::optional<StoredFrame>> next();

 private:
  // Makes `bytes` bytes of the file readable at the front of window_.
  Status fill_window(std::size_t bytes);
  void drop_front_chunk();

  std::deque<std::string> chunks_;  // whole records each
  std::uint64_t memory_ = 0;        // their capacity
  std::optional<SpillFile> file_;

  std::uint64_t file_position_ = 0;  // read into the window so far
  std::string window_;
  std::size_t window_position_ = 0;
  std::size_t chunk_position_ = 0;
};

}  // namespace flusso::pg
