#pragma once
// A file without a name in a folder of the user's choice: what outgrows memory goes to its end and is read back in
// order. It has no name from the first byte on (O_TMPFILE, else unlinked at once), so nothing is left behind however
// the process ends, and nobody else can open it. Thread: one.

#include <cstdint>
#include <string>
#include <string_view>

#include "model/result.h"

namespace flusso::pg {

// What TMPDIR names, else /tmp.
std::string default_spill_folder();

class SpillFile {
 public:
  // Errors name the folder and the cure: config pg.spill when the folder cannot be used at all (it does not exist, may
  // not be written to), transient pg.spill for what may pass (no space, too many open files).
  static Result<SpillFile> create(const std::string& folder);
  SpillFile(SpillFile&& other) noexcept;
  SpillFile& operator=(SpillFile&& other) noexcept;
  ~SpillFile();

  std::uint64_t size() const { return size_; }
  // Puts all of it at the end, or fails: transient pg.spill, as above. After a failure the file is of no use any more.
  Status append(std::string_view bytes);
  // Fills `buffer` with the `length` bytes at `offset`. Errors: transient pg.spill when they cannot be read.
  Status read(std::uint64_t offset, char* buffer, std::size_t length) const;

 private:
  SpillFile(int fd, std::string folder) : fd_(fd), folder_(std::move(folder)) {}

  int fd_;
  std::string folder_;
  std::uint64_t size_ = 0;
};

}  // namespace flusso::pg
